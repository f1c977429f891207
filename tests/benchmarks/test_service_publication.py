"""An answer that mixes two publications is counted, and nothing else is."""

from __future__ import annotations

import pytest

from benchmarks.service_publication import compared


def test_answers_are_of_before_or_of_afterwards_or_mixed() -> None:
    seen = [(0, b"a1"), (1, b"b1"), (2, b"a2"), (3, b"b1, a2"), (5, b"a1")]
    assert compared(seen, [b"a1", b"b1"], [b"a2", b"b2"]) == {"old": 2, "new": 1, "mixed": 2}


def test_answers_that_cannot_be_told_apart_are_refused() -> None:
    with pytest.raises(ValueError, match="answered alike"):
        compared([], [b"a", b"b"], [b"c", b"b"])
