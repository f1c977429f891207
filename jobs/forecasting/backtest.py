"""Out-of-time evaluation: forecast from an earlier origin with what was known there, and compare with what came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from jobs.forecasting.baselines import random_forest, trailing_value
from jobs.forecasting.forecaster import Forecaster, fit
from jobs.forecasting.inputs import Floats
from jobs.forecasting.metrics import activity_metrics, value_metrics
from jobs.forecasting.panel import Outcomes, Snapshots, known_by
from jobs.forecasting.params import ModelParams
from jobs.month import HORIZON_MONTHS, Month

LEAST_HISTORY_MONTHS = 3

OURS, TRAILING, FOREST = "ours", "trailing_value", "random_forest"


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
    """

    metrics: Mapping[str, Mapping[str, float]]
    missing: tuple[str, ...] = ()
    fold: Fold | None = None
    importance: Mapping[str, float] = field(default_factory=dict)


def evaluate(snapshots: Snapshots, *, as_of: date, params: ModelParams | None = None) -> Evaluation:
    """Refit as of an earlier origin and judge the forecast of the months between it and `as_of`.

    Args:
        snapshots: as for `forecaster.fit`.
        as_of: the newest outcome looked at lies before it.
        params: the forecaster's settings.
    """
    params = params or ModelParams()
    known = known_by(snapshots, as_of)
    origin = _origin(sorted(known), as_of)
    if origin is None:
        return Evaluation({}, (f"{len(known)} months of history: no origin leaves enough to learn from",))
    outcomes = Outcomes.read(known)
    months = Month.of(origin).months_until(Month.of(as_of))
    ours = fit(known, as_of=origin, params=params)
    frame = known[origin]
    expected = ours.expect(frame, origin)
    actual, orders = outcomes.after(frame["customer_id"].to_numpy(dtype=object), origin, range(1, months + 1))
    coded = {day: ours.encoder.encode(known[day], day) for day in sorted(known) if day <= origin}
    forecasts = {OURS: expected.value[:, :months].sum(axis=1), TRAILING: trailing_value(coded[origin], months)}
    missing = []
    forest = random_forest(coded, outcomes, origin=origin, months=months, params=params)
    if forest is None:
        missing.append(f"{FOREST}: no snapshot has {months} matured months at {origin}")
    else:
        forecasts[FOREST] = forest
    metrics = {name: value_metrics(actual.sum(axis=1), forecast) for name, forecast in forecasts.items()}
    p_active = 1.0 - np.prod(1.0 - expected.p[:, :months], axis=1)
    metrics[OURS] |= activity_metrics(orders.max(axis=1) > 0, p_active)
    metrics[OURS] |= {"months": float(months), "customers": float(len(frame))}
    fold = Fold(origin, months, actual, forecasts, expected.value[:, :months], ours)
    return Evaluation(metrics, tuple(missing), fold, ours.hurdle.importance())


def judge(forecaster: Forecaster, snapshots: Snapshots, *, origin: date, as_of: date) -> dict[str, float]:
    """The figures of a forecaster fitted at or before `origin`, on the months between `origin` and `as_of`.

    Args:
        forecaster: whose forecast is judged; it must not have learned from those months.
        snapshots: the one as of `origin`, and every later one up to `as_of`.
        origin: the forecast's as_of.
        as_of: the newest outcome looked at lies before it.

    Raises:
        ValueError: the forecaster was fitted after `origin`.
        InputError: the snapshot lacks columns that the forecaster needs.
    """
    if forecaster.as_of > origin:
        raise ValueError(f"a forecaster fitted as of {forecaster.as_of} has seen months that follow {origin}")
    known = known_by(snapshots, as_of)
    frame = known[origin]
    months = Month.of(origin).months_until(Month.of(as_of))
    ids = frame["customer_id"].to_numpy(dtype=object)
    actual, _ = Outcomes.read(known).after(ids, origin, range(1, months + 1))
    forecast = forecaster.expect(frame, origin).value[:, :months].sum(axis=1)
    return value_metrics(actual.sum(axis=1), forecast)


def _origin(days: list[date], as_of: date) -> date | None:
    """The origin that leaves the longest horizon, and no less history to learn from than it forecasts."""
    end = Month.of(as_of)
    usable = [
        day
        for position, day in enumerate(days)
        if position + 1 >= LEAST_HISTORY_MONTHS
        and 1 <= Month.of(day).months_until(end) <= min(position + 1, HORIZON_MONTHS)
    ]
    return min(usable, default=None)
