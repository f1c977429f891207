from __future__ import annotations

import numpy as np
import pytest

from jobs.forecasting.params import ModelParams
from jobs.forecasting.pool import Pool
from jobs.forecasting.training_rows import Rows

CUSTOMERS, UNIT = 20_000, 10.0


def rows(weights: tuple[float, ...], months: int = 6) -> Rows:
    """A panel in which the actual value is a noisy log-linear pool of two forecasts."""
    rng = np.random.default_rng(4)
    logs = rng.normal(np.log(UNIT), 1.0, (CUSTOMERS, len(weights)))
    season = rng.choice([0.5, 2.0], CUSTOMERS)
    pooled = season * np.exp((logs - np.log(UNIT)) @ np.array(weights)) * UNIT
    return Rows(
        inputs=np.zeros((CUSTOMERS, 1), dtype=np.float32),
        logs=logs,
        season=season,
        p_base=np.full(CUSTOMERS, 0.5),
        value=pooled * rng.gamma(2.0, 0.5, CUSTOMERS),
        active=np.ones(CUSTOMERS, dtype=bool),
        month=rng.integers(0, months, CUSTOMERS),
    )


NO_CAP = ModelParams(value_cap_multiple=1e9)


def test_weights_that_made_the_data_are_found() -> None:
    result = Pool.fit(rows((0.6, 0.2)), UNIT, NO_CAP)
    assert result.weights == pytest.approx([0.6, 0.2], abs=0.03)


def test_forecast_and_actual_money_are_balanced() -> None:
    data = rows((0.6, 0.2))
    forecast = Pool.fit(data, UNIT, NO_CAP).of(data.logs) * data.season
    assert forecast.sum() == pytest.approx(data.value.sum(), rel=0.01)


def test_a_strong_prior_keeps_the_geometric_mean() -> None:
    result = Pool.fit(rows((0.9, 0.0)), UNIT, ModelParams(value_cap_multiple=1e9, pool_prior_months=1e9))
    assert result.weights == pytest.approx([0.5, 0.5], abs=1e-3)
    assert result.of(np.log([[4.0, 9.0]])) == pytest.approx([6.0], rel=1e-2)


def test_the_unit_of_money_does_not_matter() -> None:
    data = rows((0.6, 0.2))
    cents = Rows(**vars(data) | {"logs": data.logs + np.log(100.0), "value": data.value * 100.0})
    in_cents = Pool.fit(cents, UNIT * 100.0, NO_CAP).of(cents.logs)
    assert in_cents == pytest.approx(100.0 * Pool.fit(data, UNIT, NO_CAP).of(data.logs))
