"""Whom we have to beat on the same customers, cut-off and outcomes: rules of thumb, direct models, BTYD models."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pandas as pd
import xgboost as xgb
from numpy.typing import NDArray

from benchmarks import btyd
from benchmarks import random_forest as forest
from benchmarks.forecast import CannotFitError, Forecast, timed
from benchmarks.shop import Problem, outcome
from benchmarks.ziln import Ziln
from jobs.core.month import Month
from jobs.forecasting.encoder import Floats
from jobs.forecasting.forecaster import Forecaster
from jobs.forecasting.outcomes import Outcomes

_DAYS_OF_YEAR, _DAYS_OF_HALF_YEAR = 365, 180

_NOTHING_MATURED = "no snapshot is {months} months older than {origin}, so no outcome of {months} months is known"

_TREES = {"learning_rate": 0.05, "n_estimators": 150, "max_depth": 4, "min_child_weight": 5.0, "reg_lambda": 5.0}
_TREES |= {"subsample": 0.7, "colsample_bytree": 0.6}


def forecasts(problem: Problem, forecaster: Forecaster) -> tuple[dict[str, Forecast], dict[str, str]]:
    """Every peer's forecast by name, and the reason of each that has none.

    Args:
        problem: what may be known.
        forecaster: ours, fitted at the origin: the direct models read the inputs that it reads.
    """
    peers: dict[str, Callable[[], Forecast]] = {
        "trailing_year": lambda: trailing_year(problem),
        "trailing_180d": lambda: trailing_180d(problem),
        "bg_nbd_gg": lambda: btyd.forecast(problem, btyd.BG_NBD),
        "pareto_nbd_gg": lambda: btyd.forecast(problem, btyd.PARETO_NBD),
        "random_forest": lambda: random_forest(problem, forecaster),
        "two_part_gbm": lambda: two_part_gbm(problem, forecaster),
        "ziln": lambda: ziln(problem, forecaster),
    }
    result: dict[str, Forecast] = {}
    reasons: dict[str, str] = {}
    for name, peer in peers.items():
        try:
            result[name] = peer()
        except (CannotFitError, ValueError, xgb.core.XGBoostError) as error:
            reasons[name] = str(error)
    return result, reasons


def trailing_year(problem: Problem) -> Forecast:
    """Net value of the last 365 days, times the months to forecast over twelve."""
    return timed(lambda: None, lambda _: Forecast(_trailing(problem, _DAYS_OF_YEAR) * problem.months / 12.0))


def trailing_180d(problem: Problem) -> Forecast:
    """Net value of the last 180 days, times the months to forecast over six."""
    return timed(lambda: None, lambda _: Forecast(_trailing(problem, _DAYS_OF_HALF_YEAR) * problem.months / 6.0))


def random_forest(problem: Problem, forecaster: Forecaster) -> Forecast:
    """A Random Forest that learns the sum from every matured snapshot."""
    return timed(lambda: _forest(problem, forecaster), Forecast)


def two_part_gbm(problem: Problem, forecaster: Forecaster) -> Forecast:
    """P(net value above zero) × mean net value where it is, each by boosted trees on the newest matured snapshot."""

    def fit() -> tuple[xgb.XGBClassifier, xgb.XGBRegressor]:
        inputs, value = _newest_matured(problem, forecaster)
        bought = value > 0.0
        if bought.sum() < 2 or bought.all():
            raise CannotFitError(f"{bought.sum()} of {len(value)} customers bought: nothing to tell apart")
        settings = _TREES | {"n_jobs": forecaster.params.threads, "random_state": forecaster.params.seed % 2**31}
        classifier = xgb.XGBClassifier(**settings).fit(inputs, bought)
        return classifier, xgb.XGBRegressor(objective="reg:gamma", **settings).fit(inputs[bought], value[bought])

    def score(models: tuple[xgb.XGBClassifier, xgb.XGBRegressor]) -> Forecast:
        inputs = forecaster.encoder.encode(problem.snapshot, problem.origin).inputs
        p = models[0].predict_proba(inputs)[:, 1].astype(np.float64)
        return Forecast(p * models[1].predict(inputs), p_active=p)

    return timed(fit, score)


def ziln(problem: Problem, forecaster: Forecaster) -> Forecast:
    """Zero-inflated lognormal regression on the newest matured snapshot; see `ziln.py`."""

    def fit() -> Ziln:
        inputs, value = _newest_matured(problem, forecaster)
        return Ziln.fit(inputs, value, threads=forecaster.params.threads, seed=forecaster.params.seed % 2**31)

    def score(model: Ziln) -> Forecast:
        value, p = model.predict(forecaster.encoder.encode(problem.snapshot, problem.origin).inputs)
        return Forecast(value, p_active=p)

    return timed(fit, score)


def _trailing(problem: Problem, days: int) -> Floats:
    recent = problem.days[problem.days["ordered_on"] >= pd.Timestamp(problem.origin - timedelta(days=days))]
    value = recent.groupby("customer_id")["net_value"].sum()
    return value.reindex(problem.ids, fill_value=0.0).to_numpy(dtype=np.float64)


def _forest(problem: Problem, forecaster: Forecaster) -> Floats:
    frames = dict(problem.history) | {problem.origin: problem.snapshot}
    forecast = forest.random_forest(
        {day: forecaster.encoder.encode(frame, day) for day, frame in frames.items()},
        Outcomes.read(problem.history),
        origin=problem.origin,
        months=problem.months,
        params=forecaster.params,
    )
    if forecast is None:
        raise CannotFitError(_NOTHING_MATURED.format(months=problem.months, origin=problem.origin))
    return forecast


def _newest_matured(problem: Problem, forecaster: Forecaster) -> tuple[NDArray[np.float32], Floats]:
    """The inputs of the snapshot whose outcome ends where the forecast starts, and that outcome."""
    day = Month.of(problem.origin).plus(-problem.months).first_day
    if day not in problem.history:
        raise CannotFitError(_NOTHING_MATURED.format(months=problem.months, origin=problem.origin))
    frame = problem.history[day]
    value = outcome(problem.days, pd.Index(frame["customer_id"]), day, problem.months).value
    return forecaster.encoder.encode(frame, day).inputs, value
