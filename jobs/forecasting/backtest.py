"""Out-of-time evaluation: forecast from an earlier origin with what was known there, and compare with the outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from jobs.forecasting.baselines import btyd_value, trailing_value
from jobs.forecasting.encoder import Customers, Floats
from jobs.forecasting.fit import Uncalibrated, before_holdout, calibration_of, nothing_to_learn
from jobs.forecasting.forecaster import Forecaster
from jobs.forecasting.holdout import calibration_months
from jobs.forecasting.metrics import activity_metrics, decile_metrics, interval_metrics, value_metrics
from jobs.forecasting.outcomes import Outcomes, Snapshots, known_by
from jobs.forecasting.params import ModelParams
from jobs.forecasting.reasons import importance, sample

OURS, TRAILING, BTYD = "ours", "trailing_value", "btyd"
"""Names of the candidates."""


@dataclass(frozen=True)
class Backtest:
    """One origin: the months forecast from it, their outcome, and each candidate's forecast.

    Attributes:
        origin: the forecasts' as_of.
        months: how many calendar months they cover.
        actual: net value by customer and month.
        forecasts: candidate → net value of all months, one a customer.
        monthly: our forecast by customer and month.
        forecaster: our model, fitted as of the origin.
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
        backtest: the arrays behind the figures, for plots; None if nothing could be measured.
        holdout: the boosters fitted as of the origin, from which the next fit can take its holdout model.
        importance: input → share of the boosters' gain.
        group_importance: feature group → share of the mean absolute effect on buyers' value, by SHAP values.
    """

    metrics: Mapping[str, Mapping[str, float]]
    missing: tuple[str, ...] = ()
    backtest: Backtest | None = None
    holdout: Uncalibrated | None = None
    importance: Mapping[str, float] = field(default_factory=dict)
    group_importance: Mapping[str, float] = field(default_factory=dict)


def evaluate(snapshots: Snapshots, *, as_of: date, params: ModelParams | None = None) -> Evaluation:
    """Fit as of an earlier origin and judge the forecast of the months between it and `as_of`.

    The months that are forecast are those that calibration holds back: a third of the history, a year at most.

    Args:
        snapshots: as for `jobs.forecasting.fit.fit`.
        as_of: the newest outcome looked at lies before it.
        params: the forecaster's settings.
    """
    params = params or ModelParams()
    known = known_by(snapshots, as_of)
    months, earlier = calibration_months(len(known)), before_holdout(known)
    too_short = None if months else f"{len(known)} months of history leave none to be forecast"
    if reason := too_short or nothing_to_learn(earlier):
        return Evaluation({}, (f"everything: {reason}",))
    origin = max(earlier)
    frame = known[origin]
    actual, orders = Outcomes.read(known).after(
        frame["customer_id"].to_numpy(dtype=object), origin, range(1, months + 1)
    )
    holdout = Uncalibrated.fit(earlier, params)
    ours = holdout.forecaster(calibration_of(earlier, params))
    expected = ours.expect(frame, origin)
    outlook, total = expected.outlook(months), actual.sum(axis=1)
    customers = ours.encoder.encode(frame, origin)
    forecasts = {
        OURS: outlook.value,
        TRAILING: trailing_value(customers, months),
        BTYD: btyd_value(ours.monthly.base_models, customers, months),
    }
    metrics = {name: value_metrics(total, forecast) for name, forecast in forecasts.items()}
    lower, upper = ours.intervals.of(outlook, months)
    metrics[OURS] |= activity_metrics(orders.max(axis=1) > 0, outlook.p_active)
    metrics[OURS] |= interval_metrics(total, outlook.value, lower, upper)
    metrics[OURS] |= decile_metrics(total, outlook.value, lower, upper)
    metrics[OURS] |= _total_interval(ours.intervals.of_total(outlook, months, params.coverage), total)
    metrics[OURS] |= {"months": float(months), "customers": float(len(frame))}
    return Evaluation(
        metrics=metrics,
        backtest=Backtest(origin, months, actual, forecasts, expected.value[:, :months], ours),
        holdout=holdout,
        importance=ours.monthly.two_part.importance(),
        group_importance=_group_importance(ours, customers),
    )


def _group_importance(forecaster: Forecaster, customers: Customers) -> dict[str, float]:
    buyers = sample(customers.take(customers.has_bought))
    return importance(forecaster.attributions(buyers, exact=True))


def _total_interval(ends: tuple[float, float], actual: Floats) -> dict[str, float]:
    """The ends of the total's interval to the actual total, if there is one: it lies between them, or not."""
    total = float(actual.sum())
    return {"total_p10_ratio": ends[0] / total, "total_p90_ratio": ends[1] / total} if total > 0.0 else {}
