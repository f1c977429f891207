from __future__ import annotations

import pytest

from jobs.forecasting.boosting_weight import LEAST_WEIGHT, boosting_weight


def test_the_boosters_are_believed_the_more_the_longer_the_history() -> None:
    assert [boosting_weight(months) for months in (0, 6, 36)] == pytest.approx([0.0, 1 / 2, 6 / 7])
    assert boosting_weight(2) < LEAST_WEIGHT <= boosting_weight(3)
