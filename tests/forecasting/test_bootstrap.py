from __future__ import annotations

import numpy as np
import pytest

from jobs.forecasting.bootstrap import LEVEL, MEASURES, MONEY, RANKING, RESAMPLES, BacktestOrigin, measure, resampled
from jobs.forecasting.metrics import normalised_gini, value_metrics

RNG = np.random.default_rng(3)
ACTUAL = RNG.gamma(0.3, 100.0, 400)
IDS = np.array([f"c{number:03d}" for number in range(400)], dtype=object)
GOOD, POOR = ACTUAL * RNG.lognormal(0.0, 0.3, 400), RNG.permutation(ACTUAL)


def round_of(**forecasts: np.ndarray) -> BacktestOrigin:
    return BacktestOrigin(6, IDS, ACTUAL, forecasts)


def test_measures_are_those_of_the_metrics() -> None:
    actual = measure([round_of(good=GOOD)])["good"]
    expected = value_metrics(ACTUAL, GOOD)
    assert actual[MEASURES.index(MONEY)] == pytest.approx(expected["wape"])
    assert actual[MEASURES.index(LEVEL)] == pytest.approx(abs(np.log(expected["total_ratio"])))
    assert actual[MEASURES.index(RANKING)] == pytest.approx(normalised_gini(ACTUAL, GOOD), abs=0.01)


def test_the_same_customers_are_drawn_for_every_forecast_and_origin() -> None:
    drawn = resampled([round_of(a=GOOD, b=GOOD), round_of(a=GOOD, b=GOOD)], seed=1)
    assert (drawn["a"] == drawn["b"]).all()
    assert drawn["a"].shape == (RESAMPLES, len(MEASURES))
    once = resampled([round_of(a=GOOD)], seed=1)
    assert drawn["a"] == pytest.approx(once["a"])


def test_resamples_spread_around_what_was_found_and_repeat_with_the_seed() -> None:
    rounds = [round_of(good=GOOD, poor=POOR)]
    drawn, actual = resampled(rounds, seed=1), measure(rounds)
    for name in ("good", "poor"):
        low, high = np.quantile(drawn[name], [0.01, 0.99], axis=0)
        assert (low[:2] < actual[name][:2]).all()
        assert (actual[name][:2] < high[:2]).all()
    assert (drawn["poor"][:, 0] > drawn["good"][:, 0]).all()
    assert (resampled(rounds, seed=1)["good"] == drawn["good"]).all()
    assert (resampled(rounds, seed=2)["good"] != drawn["good"]).any()


def test_nothing_sold_cannot_be_measured() -> None:
    assert np.isnan(measure([BacktestOrigin(1, IDS, np.zeros(400), {"a": GOOD})])["a"]).all()
