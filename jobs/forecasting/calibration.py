"""What a forecaster learns from a twin that did not know the newest months: trust in boosting, level, and intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from jobs.forecasting import total_level
from jobs.forecasting.correction_shrinkage import fit_trust
from jobs.forecasting.encoder import Customers, Floats
from jobs.forecasting.intervals import Intervals
from jobs.forecasting.outcomes import Outcomes, Snapshots, rolling
from jobs.forecasting.total_level import weigh

if TYPE_CHECKING:
    from jobs.forecasting.forecaster import Forecaster


@dataclass(frozen=True)
class Calibration:
    """What was learned from forecasts whose outcome is known.

    Attributes:
        trust: how much of the value booster's correction is believed, 0 to 1.
        money_weights: each candidate's say in the level of the total (`total_level.py`).
        activity_weights: each candidate's say in the number of active customers.
        intervals: the calibrated intervals.
    """

    trust: float
    money_weights: Sequence[float]
    activity_weights: Sequence[float]
    intervals: Intervals

    @classmethod
    def none(cls, coverage: float) -> Calibration:
        """For want of matured months: no trust in the booster, its own level, wide intervals."""
        return cls(0.0, total_level.OWN_MONEY, total_level.OWN_ACTIVITY, Intervals.uncalibrated(coverage))


def calibrate(twin: Forecaster, known: Snapshots, months: int) -> Calibration:
    """Compare the forecasts of a twin with the `months` months that followed.

    Args:
        twin: fitted as of the first day of those months, uncalibrated.
        known: every snapshot up to the last day of them.
        months: how many they are.
    """
    customers = twin.encoder.encode(known[twin.as_of], twin.as_of)
    outcomes = Outcomes.read(known)
    actual, orders = outcomes.after(customers.ids, twin.as_of, range(1, months + 1))
    bought = ~np.isnan(customers.recency_days)
    found = twin.hurdle.predict(twin.start.history(customers.take(bought)))
    trust = fit_trust(found.start[:, :months], found.value[:, :months], actual[bought])
    twin = replace(twin, calibration=replace(twin.calibration, trust=trust))
    origins = [_Origin.of(twin, known, outcomes, ahead) for ahead in rolling(months)]
    money_weights = weigh(np.array([one.money_errors for one in origins]), total_level.PRIOR_ERROR_MONEY)
    activity_weights = weigh(np.array([one.activity_errors for one in origins]), total_level.PRIOR_ERROR_ACTIVITY)
    errors = [float(one.money_errors @ np.asarray(money_weights)) for one in origins]
    total, active = actual.sum(axis=1), orders.max(axis=1) > 0
    outlook = twin.expect_of(customers).outlook(months).at_level(total, active)
    intervals = Intervals.fit(outlook, total, months, twin.params.coverage, errors)
    return Calibration(trust, money_weights, activity_weights, intervals)


@dataclass(frozen=True)
class _Origin:
    """What the candidates' totals were wrong by, up to now: logarithms of actual to forecast."""

    money_errors: Floats
    activity_errors: Floats

    @classmethod
    def of(cls, twin: Forecaster, known: Snapshots, outcomes: Outcomes, ahead: int) -> _Origin:
        """The forecasts of the newest `ahead` months."""
        day = sorted(known)[-1 - ahead]
        customers = twin.encoder.encode(known[day], day)
        customers = customers.take(~np.isnan(customers.recency_days))
        value, orders = outcomes.after(customers.ids, day, range(1, ahead + 1))
        money, activity = totals(twin, customers, ahead)
        return cls(_log_ratio(value.sum(), money), _log_ratio((orders > 0).sum(), activity))


def _log_ratio(actual: float, forecasts: Floats) -> Floats:
    """Zero, which tells nothing, where nothing came."""
    return np.asarray(np.log(actual / forecasts)) if actual > 0.0 else np.zeros(len(forecasts))


def totals(forecaster: Forecaster, bought: Customers, months: int) -> tuple[Floats, Floats]:
    """Every candidate's total of money and of active months; the forecaster's own as they are before combination."""
    own = replace(forecaster, level=1.0, activity_combined=1.0).expect_of(bought)
    return total_level.candidates(own, forecaster.start.history(bought), months)
