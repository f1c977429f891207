from __future__ import annotations

import pytest

from jobs.forecasting.correction_shrinkage import LITTLE_CORRECTION, correction_weight


def test_the_correction_is_believed_the_more_the_longer_the_history() -> None:
    assert [correction_weight(months) for months in (0, 6, 36)] == pytest.approx([0.0, 1 / 2, 6 / 7])
    assert correction_weight(2) < LITTLE_CORRECTION <= correction_weight(3)
