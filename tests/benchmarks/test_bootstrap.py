from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.bootstrap import LOWER_IS_BETTER, Judged, differences
from benchmarks.forecast import Forecast
from benchmarks.shop import Outcome
from jobs.forecasting.bootstrap import LEVEL


def judged(seed: int, customers: range, **noise: float) -> Judged:
    """An origin at which each model forecasts the truth with noise of its own size."""
    rng = np.random.default_rng(seed)
    ids = pd.Index([f"c{i:04d}" for i in customers])
    mean = rng.lognormal(3.0, 1.0, len(ids))
    actual = np.where(rng.random(len(ids)) < 0.6, mean * rng.lognormal(0.0, 0.3, len(ids)), 0.0)
    forecasts = {name: Forecast(actual * rng.lognormal(0.0, size, len(ids)) + size) for name, size in noise.items()}
    return Judged(ids, Outcome(actual, actual > 0.0), forecasts)


def test_a_model_is_a_tie_with_itself() -> None:
    one = judged(1, range(200), ours=0.5)
    same = Judged(one.ids, one.outcome, one.forecasts | {"peer": one.forecasts["ours"]})
    [by_origin], overall = differences([same], "ours")
    assert by_origin == overall
    assert {gap["verdict"] for gap in overall["peer"].values()} == {"tie"}
    assert {gap["difference"] for gap in overall["peer"].values()} == {0.0}


def test_a_better_model_wins_and_loses_from_the_other_side() -> None:
    origins = [judged(1, range(300), good=0.1, bad=1.5), judged(2, range(100, 400), good=0.1, bad=1.5)]
    _, good = differences(origins, "good")
    _, bad = differences(origins, "bad")
    assert {gap["verdict"] for gap in good["bad"].values()} == {"win"}
    assert {gap["verdict"] for gap in bad["good"].values()} == {"loss"}
    assert good["bad"]["wape"]["difference"] == pytest.approx(-bad["good"]["wape"]["difference"])


def test_a_tiny_difference_is_no_win() -> None:
    _, result = differences([judged(3, range(60), ours=0.50, peer=0.51)], "ours")
    assert result["peer"]["norm_gini"]["verdict"] == "tie"


def test_the_mean_is_over_the_origins_at_which_a_peer_could_be_fitted() -> None:
    origins = [judged(1, range(100), ours=0.2), judged(2, range(100), ours=0.2, peer=0.9)]
    by_origin, overall = differences(origins, "ours")
    assert by_origin[0] == {}
    assert overall["peer"]["wape"]["difference"] == by_origin[1]["peer"]["wape"]["difference"]


def test_same_inputs_same_intervals() -> None:
    origins = [judged(1, range(100), ours=0.2, peer=0.9)]
    assert differences(origins, "ours") == differences(origins, "ours")


def test_level_is_as_bad_above_as_below() -> None:
    actual = np.array([10.0, 20.0, 30.0, 0.0] * 25)
    outcome = Outcome(actual, actual > 0.0)
    forecasts = {"ours": Forecast(actual * 2.0), "peer": Forecast(actual / 2.0)}
    _, result = differences([Judged(pd.Index([f"c{i}" for i in range(100)]), outcome, forecasts)], "ours")
    assert result["peer"].keys() == LOWER_IS_BETTER.keys() - {"brier", "winkler80"}
    assert result["peer"][LEVEL]["difference"] == pytest.approx(0.0)
