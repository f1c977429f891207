from __future__ import annotations

import numpy as np
import pytest

from jobs.forecasting.params import ModelParams
from jobs.forecasting.training_rows import Rows
from jobs.forecasting.two_part import TwoPartModel

ROWS = 8_000
UNIT = 50.0
PARAMS = ModelParams(threads=1)
NAMES = ("a", "b", "c")


def rows(largest: float = 0.0) -> Rows:
    """Customers of whom half bring about 50 in a year, and one who brings more."""
    rng = np.random.default_rng(5)
    inputs = rng.normal(size=(ROWS, 3)).astype(np.float32)
    active = rng.random(ROWS) < 0.5
    value = np.where(active, rng.gamma(2.0, 25.0, ROWS), 0.0)
    value[0] = max(value[0], largest)
    return Rows(inputs, np.full(ROWS, np.log(25.0)), np.full(ROWS, 0.5), value, active, np.full(ROWS, 12.0))


def forecasts(largest: float = 0.0) -> np.ndarray:
    learned = rows(largest)
    model = TwoPartModel.fit(learned, NAMES, UNIT, PARAMS)
    _, value = model.boosted(learned.inputs, learned.log_base, learned.p_base, learned.months)
    return value


@pytest.mark.parametrize("largest", [1e5, 1e7, 1e12])
def test_one_huge_order_leaves_the_forecasts_of_the_others_as_they_are(largest: float) -> None:
    value = forecasts(largest)
    assert np.isfinite(value).all()
    assert np.median(value) == pytest.approx(np.median(forecasts()), rel=0.4)


def test_forecasts_bring_the_money_of_the_rows_they_were_learned_from() -> None:
    learned = rows()
    assert forecasts().sum() == pytest.approx(learned.value.sum(), rel=1e-3)


def test_rows_without_any_money_are_forecast_less_than_they_started_from() -> None:
    learned = rows()
    learned.value[:] = 0.0
    model = TwoPartModel.fit(learned, NAMES, UNIT, PARAMS)
    _, value = model.boosted(learned.inputs, learned.log_base, learned.p_base, learned.months)
    assert np.isfinite(value).all()
    assert (value < 25.0).all()
