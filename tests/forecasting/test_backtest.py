from __future__ import annotations

from datetime import date
from functools import cache

import pytest

from jobs.forecasting.backtest import BTYD, FOREST, OURS, TRAILING, UNSEEN_CUSTOMERS, Evaluation, evaluate
from jobs.forecasting.fit import fit
from jobs.forecasting.params import ModelParams
from tests.forecasting.shops import shop

PARAMS = ModelParams(rounds=8, threads=1, folds=2, forest_trees=3)
SNAPSHOTS = shop(200, 13)
AS_OF = date(2021, 1, 1)


@cache
def evaluation() -> Evaluation:
    return evaluate(SNAPSHOTS, as_of=AS_OF, params=PARAMS)


def test_a_third_of_the_history_is_forecast_from_what_was_known_before():
    fold = evaluation().fold
    assert fold is not None
    assert (fold.origin, fold.months) == (date(2020, 9, 1), 4)
    assert fold.forecaster.as_of == fold.origin
    assert fold.actual.shape == fold.monthly.shape == (200, 4)


def test_every_candidate_is_judged_on_the_same_customers():
    assert set(evaluation().metrics) == {OURS, TRAILING, BTYD, FOREST, UNSEEN_CUSTOMERS}
    assert {"wape", "norm_gini", "total_ratio", "rmse"} <= set.intersection(*map(set, evaluation().metrics.values()))


def test_ours_also_says_how_sure_it_is():
    ours = evaluation().metrics[OURS]
    assert {"brier", "coverage80", "coverage80_top_decile"} <= set(ours)
    assert ours["total_p10_ratio"] < ours["total_ratio"] < ours["total_p90_ratio"]


def test_forecasts_cannot_know_the_months_they_are_judged_on():
    fold = evaluation().fold
    assert fold is not None
    honest = fit({day: s for day, s in SNAPSHOTS.items() if day <= fold.origin}, as_of=fold.origin, params=PARAMS)
    again = honest.expect(SNAPSHOTS[fold.origin], fold.origin).value[:, : fold.months]
    assert again.tolist() == fold.monthly.tolist()


def test_a_history_too_short_to_hold_anything_back_says_so():
    found = evaluate(SNAPSHOTS, as_of=date(2020, 3, 1), params=PARAMS)
    assert not found.metrics
    assert "leave none to be forecast" in found.missing[0]


def test_the_shares_of_the_themes_sum_to_one():
    assert sum(evaluation().theme_importance.values()) == pytest.approx(1.0)
    assert evaluation().theme_importance["frequency"] > evaluation().theme_importance["logins"] == 0.0
