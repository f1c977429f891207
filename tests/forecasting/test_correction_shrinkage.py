from __future__ import annotations

import numpy as np
import pytest

from jobs.forecasting.correction_shrinkage import blend, fit_correction_weight

RNG = np.random.default_rng(8)
START = RNG.lognormal(3.0, 1.0, (5_000, 6))
BOOSTED = START * RNG.lognormal(0.0, 0.8, START.shape)


def test_a_weight_of_zero_is_the_base_and_of_one_the_boosted() -> None:
    assert blend(START, BOOSTED, 0.0) == pytest.approx(START)
    assert blend(START, BOOSTED, 1.0) == pytest.approx(BOOSTED)


def test_corrections_that_came_true_are_believed_more_than_those_that_did_not() -> None:
    noise = RNG.gamma(2.0, 0.5, START.shape)
    right, wrong = (
        fit_correction_weight(START, BOOSTED, BOOSTED * noise),
        fit_correction_weight(START, BOOSTED, START * noise),
    )
    assert right == pytest.approx(0.625 * 6 / 7, abs=0.02)
    assert wrong == pytest.approx(0.375 * 6 / 7, abs=0.02)


def test_one_month_weighs_less_than_six() -> None:
    actual = BOOSTED * RNG.gamma(2.0, 0.5, START.shape)
    assert fit_correction_weight(START[:, :1], BOOSTED[:, :1], actual[:, :1]) < fit_correction_weight(
        START, BOOSTED, actual
    )


def test_an_error_of_level_does_not_move_it() -> None:
    actual = START**0.4 * BOOSTED**0.6
    assert fit_correction_weight(START, BOOSTED, actual) == pytest.approx(
        fit_correction_weight(START, BOOSTED * 3.0, actual), abs=1e-3
    )


def test_without_sales_the_weight_is_zero() -> None:
    assert fit_correction_weight(START, BOOSTED, np.zeros_like(START)) == 0.0
