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
    """The largest error of a band's total, as a share of the actual one, the level of all being right."""
    value = value * actual.sum() / value.sum()
    band = band_of(value, edges(value))
    totals = [(value[band == b].sum(), actual[band == b].sum()) for b in range(len(BANDS) + 1)]
    return max(abs(forecast / came - 1.0) for forecast, came in totals)


def test_what_was_learned_of_some_customers_mends_the_forecasts_of_others() -> None:
    levels = BandLevels.fit(*shop(1), 12)
    value, actual = shop(2)
    assert worst(value, actual) > 0.5
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


def test_larger_forecasts_stay_larger_among_many_that_are_nearly_alike() -> None:
    rng = np.random.default_rng(3)
    value = np.concatenate([rng.normal(60.0, 0.5, 1_500), rng.lognormal(5.0, 1.0, 1_000)])
    levels = BandLevels.fit(value, value * rng.gamma(0.2, 5.0, len(value)), 12)
    a_month = np.sort(value) / 12.0
    assert (np.diff(a_month * levels.of(a_month)) >= -1e-9).all()


def test_an_error_of_all_bands_alike_is_none_of_theirs() -> None:
    value, _ = shop(1)
    assert np.abs(BandLevels.fit(value, value * 3.0, 12).log_factors).max() < 1e-9


def test_where_nothing_was_sold_or_forecast_nothing_is_learned() -> None:
    value, _ = shop(1)
    assert BandLevels.fit(value, np.zeros(CUSTOMERS), 12) == BandLevels.none()
    assert BandLevels.fit(np.zeros(0), np.zeros(0), 12) == BandLevels.none()
    assert BandLevels.fit(np.zeros(10), np.zeros(10), 12) == BandLevels.none()
    assert BandLevels.none().of(value).tolist() == [1.0] * CUSTOMERS


def test_forecasts_that_are_all_alike_stay_alike() -> None:
    levels = BandLevels.fit(np.full(1_000, 24.0), np.full(1_000, 12.0), 12)
    assert levels.of(np.array([1.0, 2.0, 3.0])) == pytest.approx([1.0] * 3)
