from __future__ import annotations

import numpy as np
import pytest

from jobs.forecasting.bands import BANDS, BandLevels, band_of, edges

CUSTOMERS = 5_000


def shop(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Forecasts of a year, whose small ones are twice too high and whose large ones are a third too low."""
    rng = np.random.default_rng(seed)
    value = rng.lognormal(4.0, 1.5, CUSTOMERS)
    wrong = np.interp(np.log(value), [3.0, 5.0], [np.log(0.5), np.log(1.5)])
    return value, value * np.exp(wrong) * rng.gamma(2.0, 0.5, CUSTOMERS)


def worst(value: np.ndarray, actual: np.ndarray) -> float:
    """The largest error of a band's total, as a share of the actual one."""
    band = band_of(value, edges(value))
    totals = [(value[band == b].sum(), actual[band == b].sum()) for b in range(len(BANDS) + 1)]
    return max(abs(forecast / came - 1.0) for forecast, came in totals)


def test_what_was_learned_of_some_customers_mends_the_forecasts_of_others() -> None:
    levels = BandLevels.fit(*shop(1), 12)
    value, actual = shop(2)
    assert worst(value, actual) > 0.9
    assert worst(value * levels.of(value / 12.0), actual) < 0.15


def test_larger_forecasts_stay_larger_and_factors_reach_no_further_than_the_outer_bands() -> None:
    levels = BandLevels.fit(*shop(1), 12)
    value = np.geomspace(0.001, 1e6, 500)
    mended = value * levels.of(value)
    assert (np.diff(mended) > 0.0).all()
    assert levels.of(np.array([1e-9, 1e9])) == pytest.approx(np.exp([levels.log_factors[0], levels.log_factors[-1]]))


def test_few_customers_and_few_months_teach_little() -> None:
    value, actual = shop(1)
    year, month = (np.abs(BandLevels.fit(value, actual, months).log_factors) for months in (12, 1))
    assert month == pytest.approx(year / 12.0)
    few = np.abs(BandLevels.fit(value[:50], actual[:50], 12).log_factors)
    assert few.max() < 0.2


def test_who_brought_nothing_or_nobody_at_all_changes_nothing_for_ever() -> None:
    value, _ = shop(1)
    nothing = BandLevels.fit(value, np.zeros(CUSTOMERS), 12)
    assert np.isfinite(nothing.log_factors).all()
    assert BandLevels.fit(np.zeros(0), np.zeros(0), 12) == BandLevels.none()
    assert BandLevels.fit(np.zeros(10), np.zeros(10), 12) == BandLevels.none()
    assert BandLevels.none().of(value).tolist() == [1.0] * CUSTOMERS


def test_forecasts_that_are_all_alike_have_one_factor() -> None:
    levels = BandLevels.fit(np.full(1_000, 24.0), np.full(1_000, 12.0), 12)
    assert levels.of(np.array([1.0, 2.0, 3.0])) == pytest.approx([1.0 - 0.5 * 1_000 / 1_100] * 3)
