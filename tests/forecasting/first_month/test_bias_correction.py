from __future__ import annotations

import numpy as np
import pytest

from jobs.forecasting.first_month.bias_correction import fit_bias_correction

MONTH = np.repeat(np.arange(100, 124), 50)
FORECAST = np.full(len(MONTH), 10.0)


def level(actual: np.ndarray, newest: int = 12, prior: float = 3.0) -> float:
    return fit_bias_correction(MONTH, actual, FORECAST, newest=newest, prior=prior)


def test_a_right_level_is_left_alone() -> None:
    assert level(FORECAST) == pytest.approx(1.0)


def test_only_the_newest_months_decide() -> None:
    grown = np.where(MONTH >= 112, 15.0, 5.0)
    assert level(grown, prior=0.0) == pytest.approx(1.5)
    assert level(grown, newest=24, prior=0.0) == pytest.approx(1.0)


def test_a_deviation_is_shrunk_towards_one() -> None:
    assert level(FORECAST * 1.5) == pytest.approx(1.5 ** (12 / 15))


def test_nothing_to_compare_leaves_the_level_alone() -> None:
    assert level(np.zeros(len(MONTH))) == 1.0
    empty = np.array([])
    assert fit_bias_correction(empty.astype(np.int64), empty, empty, newest=12, prior=3.0) == 1.0
