"""The real rules of the gate, on a shop whose model is better than its rivals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import cache, partial

import pandas as pd
import pytest

from jobs.forecasting.backtest import evaluate
from jobs.forecasting.encoder import InputError
from jobs.forecasting.forecaster import Forecaster
from jobs.forecasting.params import ModelParams
from jobs.models.model_version import Training, TrainingInputs
from jobs.models.opponent import Trial, compare_snapshots
from jobs.models.promotion import promote
from jobs.models.registry import Registry
from jobs.models.verdict import Verdict
from tests.forecasting.shops import shop
from tests.forecasts import plan

SNAPSHOTS = shop(600, 20, leaving=0.02)
AS_OF = max(SNAPSHOTS)


@cache
def holdout_model() -> Forecaster:
    backtest = evaluate(SNAPSHOTS, as_of=AS_OF, params=ModelParams(rounds=30, threads=1)).backtest
    assert backtest is not None
    return backtest.forecaster


def at_level(factor: float) -> Forecaster:
    """The holdout model with every buyer's value multiplied."""
    monthly = holdout_model().monthly
    return replace(holdout_model(), monthly=replace(monthly, level=factor * monthly.level))


def registered(registry: Registry, forecaster: Forecaster, code: str) -> int:
    """A version with this holdout model."""
    training = Training(
        forecaster=forecaster, backtest=forecaster, params={}, metrics={}, figures={}, example=SNAPSHOTS[AS_OF].head(2)
    )
    origin = TrainingInputs(
        as_of=str(AS_OF), input_fingerprint="a", params_fingerprint="b", code_fingerprint=code, libraries="d"
    )
    return registry.register(training, origin)


def judged(registry: Registry, forecaster: Forecaster, code: str) -> Verdict:
    """The verdict on a version with this holdout model."""
    number = registered(registry, forecaster, code)

    def read(_: Sequence[date], __: date) -> dict[date, pd.DataFrame]:
        return SNAPSHOTS

    def too_short(_: date) -> int:
        raise InputError("too few snapshots")

    run_id = plan(registry.database, AS_OF)
    trial = Trial(partial(compare_snapshots, read), too_short, lambda _: False)
    return promote(registry, number, run_id=run_id, as_of=AS_OF, newest_published=None, trial=trial)


def test_a_model_that_is_no_worse_than_its_rivals_becomes_champion(registry: Registry) -> None:
    verdict = judged(registry, holdout_model(), "good")
    assert verdict.decision == "first"
    assert all("passes" in reason for reason in verdict.reasons if " against " in reason)


def test_a_version_that_would_have_the_same_holdout_model_is_not_trained(registry: Registry) -> None:
    run_id = plan(registry.database, AS_OF)
    trial = Trial(partial(compare_snapshots, lambda *_: SNAPSHOTS), pytest.fail, lambda _: True)
    number = registered(registry, holdout_model(), "good")
    verdict = promote(registry, number, run_id=run_id, as_of=AS_OF, newest_published=None, trial=trial)
    before = max(SNAPSHOTS.keys() - {AS_OF})
    reason = f"the holdout of the version as of {before} starts on the same day, so the baselines decide"
    assert (verdict.decision, verdict.reasons[0]) == ("first", reason)


def test_a_model_of_the_wrong_level_is_stopped_by_the_rules_on_money_and_level_but_not_on_ranking(
    registry: Registry,
) -> None:
    champion = judged(registry, holdout_model(), "good").model_version
    registry.alias("champion", champion)
    verdict = judged(registry, at_level(3.0), "three times too high")
    assert (verdict.decision, verdict.model_version) == ("kept_champion", champion)
    failed = {reason.split()[0] for reason in verdict.reasons if " against opponent " in reason and "fails" in reason}
    assert failed == {"wape", "abs_log_total_ratio"}
    assert registry.aliased("champion") == champion
