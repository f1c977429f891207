"""Our forecaster with one classic modelling step done otherwise, and what is to be told of it beside the forecast."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import peers, preparation
from benchmarks.forecast import CannotFitError, Forecast
from benchmarks.shop import Problem, outcome
from jobs.core.month import Month
from jobs.forecasting.encoder import Floats
from jobs.forecasting.fit import fit
from jobs.forecasting.forecaster import Forecaster
from jobs.forecasting.metrics import value_metrics
from jobs.forecasting.outcomes import Snapshots, customer_fold
from jobs.forecasting.params import ModelParams
from jobs.forecasting.tuning import candidates, tune, with_settings

AS_IS = "as_is"
TRIALS = 10
FOLDS = 3

About = Mapping[str, Any]
Variant = Callable[[Problem, Forecaster], tuple[Forecast, About]]


def as_is(problem: Problem) -> tuple[Forecaster, Forecast]:
    """Our forecaster as it is."""
    forecaster = fit(problem.history, as_of=problem.origin)
    return forecaster, _forecast(forecaster, problem.snapshot, problem)


def without_sparse(problem: Problem, ours: Forecaster) -> tuple[Forecast, About]:
    """Without the inputs that more than half of the buyers lack."""
    dropped = preparation.sparse(problem.snapshot, ours.encoder)
    if not dropped:
        raise CannotFitError("no input is missing for more than half of the buyers")
    return _refitted(problem, preparation.without(_snapshots(problem), dropped)), {"dropped": dropped}


def imputed_by_regression(problem: Problem, ours: Forecaster) -> tuple[Forecast, About]:
    """Missing numbers filled by chained regressions."""
    return _refitted(problem, preparation.imputed_by_regression(_snapshots(problem), ours.encoder)), {}


def imputed_by_neighbours(problem: Problem, ours: Forecaster) -> tuple[Forecast, About]:
    """Missing numbers filled from similar customers."""
    return _refitted(problem, preparation.imputed_by_neighbours(_snapshots(problem), ours.encoder)), {}


def target_encoded(problem: Problem, ours: Forecaster) -> tuple[Forecast, About]:
    """Texts by one-hot columns or out-of-fold means."""
    texts = {name: len(texts) for name, texts in ours.encoder.categories.items()}
    if not texts:
        raise CannotFitError("the shop tells no text that differs between customers")
    return _refitted(problem, preparation.coded(_snapshots(problem), ours.encoder)), {"texts": texts}


def lasso(problem: Problem, ours: Forecaster) -> tuple[Forecast, About]:
    """The inputs that a Lasso keeps."""
    return _selected(problem, ours, preparation.dropped_by_lasso(problem, ours.encoder))


def importance(problem: Problem, ours: Forecaster) -> tuple[Forecast, About]:
    """The inputs that matter to our own trees."""
    return _selected(problem, ours, preparation.dropped_by_importance(ours))


def random_forest(problem: Problem, ours: Forecaster) -> tuple[Forecast, About]:
    """The Random Forest instead."""
    return peers.random_forest(problem, ours), {}


def tuned(problem: Problem, ours: Forecaster) -> tuple[Forecast, About]:
    """The best settings of a random search, whether or not production would adopt them."""
    found = tune(problem.history, as_of=problem.origin, present=ours.params, tried=candidates(ours.params, TRIALS))
    best = min(found.trials, key=lambda trial: trial.wape)
    told = {
        "trials": len(found.trials) - 1,
        "settings": best.settings,
        "chosen": 1.0 - best.wape / found.trials[0].wape,
        "confirmed": found.gain,
        "sure": found.sure,
    }
    return _refitted(problem, _snapshots(problem), with_settings(ours.params, best.settings)), told


def unseen_customers(problem: Problem, ours: Forecaster) -> tuple[Forecast, About]:
    """K-fold by customer: each is forecast by a forecaster that never saw him, of the months ahead and of those before.

    Of the months just before the origin a k-fold knows what the others did in them. The forecaster that was fitted
    before those months is judged on the same customers beside it.
    """
    day = Month.of(problem.origin).plus(-problem.months).first_day
    before = problem.history[day].sort_values("customer_id", kind="stable", ignore_index=True)
    ahead, known = np.zeros(len(problem.snapshot)), np.zeros(len(before))
    for fold in range(FOLDS):
        seen = {d: frame[customer_fold(frame["customer_id"], FOLDS) != fold] for d, frame in problem.history.items()}
        forecaster = fit(seen, as_of=problem.origin, calibration=ours.calibration)
        for snapshot, as_of, forecast in ((problem.snapshot, problem.origin, ahead), (before, day, known)):
            own = customer_fold(snapshot["customer_id"], FOLDS) == fold
            forecast[own] = forecaster.expect(snapshot[own], as_of).value[:, : problem.months].sum(axis=1)
    actual = outcome(problem.days, pd.Index(before["customer_id"]), day, problem.months).value
    honest = fit(problem.history, as_of=day).expect(before, day).value[:, : problem.months].sum(axis=1)
    about = {"before": str(day), "k_fold": value_metrics(actual, known), "out_of_time": value_metrics(actual, honest)}
    return Forecast(ahead), about


VARIANTS: Mapping[str, Variant] = {
    "without_sparse": without_sparse,
    "imputed_by_regression": imputed_by_regression,
    "imputed_by_neighbours": imputed_by_neighbours,
    "target_encoded": target_encoded,
    "lasso": lasso,
    "importance": importance,
    "random_forest": random_forest,
    "tuned": tuned,
    "unseen_customers": unseen_customers,
}


def _snapshots(problem: Problem) -> Snapshots:
    return dict(problem.history) | {problem.origin: problem.snapshot}


def _selected(problem: Problem, ours: Forecaster, dropped: list[str]) -> tuple[Forecast, About]:
    forecast = _refitted(problem, preparation.without(_snapshots(problem), dropped))
    return forecast, {"survivors": len(ours.encoder.names) - len(dropped), "dropped": dropped}


def _refitted(problem: Problem, snapshots: Snapshots, params: ModelParams | None = None) -> Forecast:
    forecaster = fit(snapshots, as_of=problem.origin, params=params)
    return _forecast(forecaster, snapshots[problem.origin], problem)


def _forecast(forecaster: Forecaster, snapshot: pd.DataFrame, problem: Problem) -> Forecast:
    value: Floats = forecaster.expect(snapshot, problem.origin).value[:, : problem.months].sum(axis=1)
    return Forecast(value)
