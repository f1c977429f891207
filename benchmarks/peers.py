"""Whom we have to beat on the same customers, origin and outcomes: rules of thumb, direct models, BTYD models.

Each is a function from what may be known to a forecast, and so is any model that is entered beside them.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from datetime import timedelta

import numpy as np
import pandas as pd
import xgboost as xgb

from benchmarks import btyd, direct
from benchmarks.forecast import CannotFitError, Forecast, timed
from benchmarks.shop import Problem
from jobs.forecasting.encoder import Floats

Model = Callable[[Problem], Forecast]

ENTER = "another model to judge, name=module:function; again for another"

_DAYS_OF_YEAR, _DAYS_OF_HALF_YEAR = 365, 180


def forecasts(problem: Problem, models: Mapping[str, Model]) -> tuple[dict[str, Forecast], dict[str, str]]:
    """Every model's forecast by name, and the reason of each that has none."""
    result: dict[str, Forecast] = {}
    reasons: dict[str, str] = {}
    for name, model in models.items():
        try:
            result[name] = model(problem)
        except (CannotFitError, ValueError, xgb.core.XGBoostError) as error:
            reasons[name] = str(error)
    for name, (first, second) in MEANS.items():
        if first in result and second in result:
            result[name] = geometric_mean(result[first], result[second])
        elif first in models and second in models:
            reasons[name] = f"needs {first} and {second}"
    return result, reasons


def entered(text: str) -> tuple[str, Model]:
    """Another model, as `name=module:function`; raises ValueError if there is no such function."""
    name, _, place = text.partition("=")
    module, _, function = place.partition(":")
    try:
        model: Model = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"{text!r} names no function: give name=module:function ({error})") from None
    return name, model


def trailing_year(problem: Problem) -> Forecast:
    """Net value of the last 365 days, times the months to forecast over twelve."""
    return timed(lambda: None, lambda _: Forecast(_trailing(problem, _DAYS_OF_YEAR) * problem.months / 12.0))


def trailing_180d(problem: Problem) -> Forecast:
    """Net value of the last 180 days, times the months to forecast over six."""
    return timed(lambda: None, lambda _: Forecast(_trailing(problem, _DAYS_OF_HALF_YEAR) * problem.months / 6.0))


def geometric_mean(first: Forecast, second: Forecast) -> Forecast:
    """Of two models' values; nothing where one of them forecasts nothing."""
    return Forecast(np.sqrt(np.maximum(first.value, 0.0) * np.maximum(second.value, 0.0)))


PEERS: Mapping[str, Model] = {
    "trailing_year": trailing_year,
    "trailing_180d": trailing_180d,
    "bg_nbd_gg": lambda problem: btyd.forecast(problem, btyd.BG_NBD),
    "pareto_nbd_gg": lambda problem: btyd.forecast(problem, btyd.PARETO_NBD),
    "random_forest": direct.random_forest,
    "two_part_gbm": direct.two_part_gbm,
    "tweedie_gbm": direct.tweedie_gbm,
    "ziln": direct.ziln,
}
MEANS = {"gbm_and_btyd": ("two_part_gbm", "pareto_nbd_gg")}
"""Geometric means of two peers."""


def _trailing(problem: Problem, days: int) -> Floats:
    recent = problem.days[problem.days["ordered_on"] >= pd.Timestamp(problem.origin - timedelta(days=days))]
    value = recent.groupby("customer_id")["net_value"].sum()
    return value.reindex(problem.ids, fill_value=0.0).to_numpy(dtype=np.float64)
