from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from jobs.core.code_version import folder_sha256
from jobs.forecasting.backtest import BTYD, OURS, TRAILING, Evaluation, evaluate
from jobs.forecasting.fit import fit
from jobs.forecasting.params import ModelParams
from tests.forecasting.shops import shop

PARAMS = ModelParams(rounds=8, threads=1)
SNAPSHOTS = shop(200, 13)
AS_OF = date(2021, 1, 1)


@cache
def evaluation() -> Evaluation:
    return evaluate(SNAPSHOTS, as_of=AS_OF, params=PARAMS)


def test_a_third_of_the_history_is_forecast_from_what_was_known_before() -> None:
    backtest = evaluation().backtest
    assert backtest is not None
    assert (backtest.origin, backtest.months) == (date(2020, 9, 1), 4)
    assert backtest.forecaster.as_of == backtest.origin
    assert backtest.actual.shape == backtest.monthly.shape == (200, 4)


def test_every_candidate_is_judged_on_the_same_customers() -> None:
    assert set(evaluation().metrics) == {OURS, TRAILING, BTYD}
    assert {"wape", "norm_gini", "total_ratio", "rmse"} <= set.intersection(*map(set, evaluation().metrics.values()))


def test_ours_also_says_how_sure_it_is() -> None:
    ours = evaluation().metrics[OURS]
    assert {"brier", "coverage80", "coverage80_top_decile"} <= set(ours)
    assert ours["total_p10_ratio"] < ours["total_ratio"] < ours["total_p90_ratio"]


def test_forecasts_cannot_know_the_months_they_are_judged_on() -> None:
    backtest = evaluation().backtest
    assert backtest is not None
    honest = fit(
        {day: s for day, s in SNAPSHOTS.items() if day <= backtest.origin}, as_of=backtest.origin, params=PARAMS
    )
    again = honest.expect(SNAPSHOTS[backtest.origin], backtest.origin).value[:, : backtest.months]
    assert again.tolist() == backtest.monthly.tolist()


def test_a_history_too_short_to_hold_anything_back_says_so() -> None:
    result = evaluate(SNAPSHOTS, as_of=date(2020, 3, 1), params=PARAMS)
    assert not result.metrics
    assert "leave none to be forecast" in result.missing[0]


def test_the_shares_of_the_feature_groups_sum_to_one() -> None:
    assert sum(evaluation().group_importance.values()) == pytest.approx(1.0)
    assert evaluation().group_importance["frequency"] > evaluation().group_importance["logins"] == 0.0


def test_the_holdout_model_of_the_backtest_spares_the_next_fit_one_and_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "own").mkdir()
    fit(SNAPSHOTS, as_of=AS_OF, params=PARAMS, holdout=evaluation().holdout).save(tmp_path / "shared")
    fit(SNAPSHOTS, as_of=AS_OF, params=PARAMS).save(tmp_path / "own")
    assert folder_sha256(tmp_path / "shared") == folder_sha256(tmp_path / "own")


def test_a_holdout_model_with_other_settings_or_of_another_day_is_refused() -> None:
    holdout = evaluation().holdout
    with pytest.raises(ValueError, match="the holdout model is as of 2020-09-01 or has other settings"):
        fit(SNAPSHOTS, as_of=AS_OF, params=replace(PARAMS, rounds=9), holdout=holdout)
    with pytest.raises(ValueError, match="fit it as of 2020-08-01"):
        fit(SNAPSHOTS, as_of=date(2020, 11, 1), params=PARAMS, holdout=holdout)
