"""Out-of-time evaluation: forecast from an earlier origin with what was known there, and compare with what came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from jobs.forecasting.baselines import btyd_value, random_forest, trailing_value
from jobs.forecasting.encoder import Floats
from jobs.forecasting.fit import LEAST_SNAPSHOTS, calibration_months, fit
from jobs.forecasting.forecaster import Forecaster
from jobs.forecasting.metrics import activity_metrics, decile_metrics, interval_metrics, value_metrics
from jobs.forecasting.outcomes import Outcomes, Snapshots, customer_fold, known_by
from jobs.forecasting.params import ModelParams
from jobs.forecasting.reasons import importance, sample

OURS, UNSEEN_CUSTOMERS = "ours", "ours_unseen_customers"
TRAILING, BTYD, FOREST = "trailing_value", "btyd", "random_forest"
"""Names of the candidates; the second is ours, fitted without the customers it is judged on."""


@dataclass(frozen=True)
class Fold:
    """One origin: the months forecast from it, what came, and each candidate's forecast.

    Attributes:
        origin: the forecasts' as_of.
        months: how many calendar months they cover.
        actual: net value by customer and month.
        forecasts: candidate → net value of all months, one a customer.
        monthly: our forecast by customer and month.
        forecaster: what made it: our settings, fitted as of the origin.
    """

    origin: date
    months: int
    actual: Floats
    forecasts: Mapping[str, Floats]
    monthly: Floats
    forecaster: Forecaster


@dataclass(frozen=True)
class Evaluation:
    """What could be measured.

    Attributes:
        metrics: candidate → metric → figure; a candidate or metric that could not be measured is absent.
        missing: what is absent, and why.
        fold: the arrays behind the figures, for plots; None where nothing could be measured.
        importance: input → share of the boosters' gain.
        theme_importance: theme → share of the mean absolute effect on buyers' value, by SHAP values.
    """

    metrics: Mapping[str, Mapping[str, float]]
    missing: tuple[str, ...] = ()
    fold: Fold | None = None
    importance: Mapping[str, float] = field(default_factory=dict)
    theme_importance: Mapping[str, float] = field(default_factory=dict)


def evaluate(snapshots: Snapshots, *, as_of: date, params: ModelParams | None = None) -> Evaluation:
    """Refit as of an earlier origin and judge the forecast of the months between it and `as_of`.

    The origin leaves a third of the history, a year at most, to be forecast, and the rest to learn from.

    Args:
        snapshots: as for `fit.fit`.
        as_of: the newest outcome looked at lies before it.
        params: the forecaster's settings.
    """
    params = params or ModelParams()
    known = known_by(snapshots, as_of)
    months = calibration_months(len(known))
    earlier = dict(list(known.items())[: len(known) - months])
    if months == 0 or len(earlier) < LEAST_SNAPSHOTS:
        return Evaluation({}, (f"everything: {len(known)} months of history leave none to be forecast",))
    origin = max(earlier)
    frame = known[origin]
    outcomes = Outcomes.read(known)
    actual, orders = outcomes.after(frame["customer_id"].to_numpy(dtype=object), origin, range(1, months + 1))
    ours = fit(known, as_of=origin, params=params)
    expected = ours.expect(frame, origin)
    outlook, total = expected.outlook(months), actual.sum(axis=1)
    forecasts, missing = _rivals(earlier, outcomes, ours, months=months, params=params)
    forecasts = {OURS: outlook.value} | forecasts
    metrics = {name: value_metrics(total, forecast) for name, forecast in forecasts.items()}
    lower, upper = ours.intervals.of(outlook, months)
    metrics[OURS] |= activity_metrics(orders.max(axis=1) > 0, outlook.p_active)
    metrics[OURS] |= interval_metrics(total, outlook.value, lower, upper)
    metrics[OURS] |= decile_metrics(total, outlook.value, lower, upper)
    metrics[OURS] |= _total_interval(ours.intervals.of_total(outlook, months, params.coverage), total)
    metrics[OURS] |= {"months": float(months), "customers": float(len(frame))}
    fold = Fold(origin, months, actual, forecasts, expected.value[:, :months], ours)
    return Evaluation(metrics, missing, fold, ours.hurdle.importance(), _theme_importance(ours, frame))


def _theme_importance(forecaster: Forecaster, frame: pd.DataFrame) -> dict[str, float]:
    customers = forecaster.encoder.encode(frame, forecaster.as_of)
    buyers = sample(customers.take(~np.isnan(customers.recency_days)))
    return importance(forecaster.effects(buyers, exact=True))


def _total_interval(ends: tuple[float, float], actual: Floats) -> dict[str, float]:
    """The ends of the total's interval to the actual total, where there is one: it lies between them, or not."""
    total = float(actual.sum())
    return {"total_p10_ratio": ends[0] / total, "total_p90_ratio": ends[1] / total} if total > 0.0 else {}


def _rivals(
    earlier: Mapping[date, pd.DataFrame], outcomes: Outcomes, ours: Forecaster, *, months: int, params: ModelParams
) -> tuple[dict[str, Floats], tuple[str, ...]]:
    """Everybody else's forecasts at the newest of the earlier snapshots; who has none, and why."""
    origin = max(earlier)
    coded = {day: ours.encoder.encode(frame, day) for day, frame in earlier.items()}
    newest = coded[origin]
    forecasts = {TRAILING: trailing_value(newest, months), BTYD: btyd_value(ours.start, newest, months)}
    missing = []
    forest = random_forest(coded, outcomes, origin=origin, months=months, params=params)
    if forest is None:
        missing.append(f"{FOREST}: no snapshot has {months} matured months at {origin}")
    else:
        forecasts[FOREST] = forest
    forecasts[UNSEEN_CUSTOMERS] = _unseen_customers(earlier, months, ours)
    return forecasts, tuple(missing)


def _unseen_customers(earlier: Snapshots, months: int, ours: Forecaster) -> Floats:
    """Forecasts by customer-level k-fold: each customer's comes from a forecaster that never saw him."""
    origin, params = max(earlier), ours.params
    ids = earlier[origin]["customer_id"]
    forecast = np.zeros(len(ids))
    for fold in range(params.folds):
        seen = {day: frame[customer_fold(frame["customer_id"], params.folds) != fold] for day, frame in earlier.items()}
        held_out = customer_fold(ids, params.folds) == fold
        if held_out.any():
            expected = fit(seen, as_of=origin, params=params, calibration=ours.calibration).expect(
                earlier[origin][held_out], origin
            )
            forecast[held_out] = expected.value[:, :months].sum(axis=1)
    return forecast
