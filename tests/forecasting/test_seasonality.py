from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from jobs.core.month import Month
from jobs.forecasting.outcomes import Outcomes
from jobs.forecasting.params import ModelParams
from jobs.forecasting.seasonality import Season

PARAMS = ModelParams()
PEAK = np.array([0.8, 0.8, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 1.0, 1.1, 1.4, 1.5])


def outcomes(strength: np.ndarray, months: int, customers: int = 6_000, growth: float = 1.0) -> Outcomes:
    """A shop whose customers come one after the other, stay for about two years, and buy with the season."""
    rng = np.random.default_rng(9)
    first = Month(2020, 1)
    calendar = [first.plus(m) for m in range(months)]
    joined = np.sort(rng.integers(-24, months, customers) if growth == 1.0 else rng.integers(0, months, customers))
    left = joined + rng.geometric(1 / 24, customers)
    now = np.arange(months)[None, :]
    there = (joined[:, None] <= now) & (now < left[:, None])
    rate = 0.3 * strength[[month.number - 1 for month in calendar]][None, :]
    orders = rng.poisson(rate, (customers, months)) * there
    position = pd.Series(np.arange(customers), index=[f"c{i}" for i in range(customers)])
    columns = {month: i for i, month in enumerate(calendar)}
    return Outcomes(position, columns, orders * 20.0, orders.astype(float))


def relative(season: Season) -> np.ndarray:
    actual = season.of_value([Month(2023, number) for number in range(1, 13)])
    return actual / actual.mean()


def test_the_strength_of_each_month_is_found_in_three_years() -> None:
    actual = relative(Season.fit(outcomes(PEAK, 36), PARAMS))
    assert actual == pytest.approx(PEAK / PEAK.mean(), abs=0.12)
    assert actual[11] > 1.3


def test_a_growing_shop_does_not_look_like_a_season() -> None:
    actual = relative(Season.fit(outcomes(np.ones(12), 24, growth=2.0), PARAMS))
    assert actual == pytest.approx(np.ones(12), abs=0.12)


def test_a_single_year_is_enough_for_a_first_answer() -> None:
    actual = relative(Season.fit(outcomes(PEAK, 14), PARAMS))
    assert actual[10:].min() > actual[1:9].max()


def test_too_few_months_mean_no_season() -> None:
    season = Season.fit(outcomes(PEAK, 4), PARAMS)
    assert season.of_value([Month(2023, 12)]) == pytest.approx([1.0])
    assert season.of_activity([Month(2023, 12)]) == pytest.approx([1.0])
