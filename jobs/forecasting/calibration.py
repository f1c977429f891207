"""Calibrate on a holdout: a model that did not know the newest months forecasts them, and its errors are measured."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from jobs.forecasting import total_level
from jobs.forecasting.calibrated import Calibration
from jobs.forecasting.correction_shrinkage import fit_correction_weight
from jobs.forecasting.encoder import Floats, InputEncoder
from jobs.forecasting.intervals import Intervals
from jobs.forecasting.monthly_model import MonthlyModel
from jobs.forecasting.outcomes import Outcomes, Snapshots, rolling


def calibrate(holdout_model: MonthlyModel, encoder: InputEncoder, known: Snapshots, months: int) -> Calibration:
    """Compare the forecasts of a holdout model with the `months` months that followed.

    Args:
        holdout_model: fitted as of the first day of those months, uncalibrated.
        encoder: its encoder.
        known: every snapshot up to the last day of them.
        months: how many they are.
    """
    origin = sorted(known)[-1 - months]
    customers = encoder.encode(known[origin], origin)
    outcomes = Outcomes.read(known)
    actual, orders = outcomes.after(customers.ids, origin, range(1, months + 1))
    bought = customers.has_bought
    boosted = holdout_model.two_part.predict(holdout_model.base_models.history(customers.take(bought)))
    weight = fit_correction_weight(boosted.base[:, :months], boosted.value[:, :months], actual[bought])
    weighted = replace(holdout_model, calibration=replace(holdout_model.calibration, correction_weight=weight))
    errors = [_LogErrors.of(weighted, encoder, known, outcomes, ahead) for ahead in rolling(months)]
    money_weights = total_level.weigh(np.array([error.money for error in errors]), total_level.PRIOR_ERROR_MONEY)
    activity_weights = total_level.weigh(
        np.array([error.activity for error in errors]), total_level.PRIOR_ERROR_ACTIVITY
    )
    combined_errors = [float(error.money @ np.asarray(money_weights)) for error in errors]
    total, active = actual.sum(axis=1), orders.max(axis=1) > 0
    outlook = weighted.expect(customers).outlook(months).at_level(total, active)
    intervals = Intervals.fit(outlook, total, months, weighted.params.coverage, combined_errors)
    return Calibration(weight, money_weights, activity_weights, intervals)


@dataclass(frozen=True)
class _LogErrors:
    """Logarithms of actual to forecast total, one a candidate, from one origin."""

    money: Floats
    activity: Floats

    @classmethod
    def of(
        cls, model: MonthlyModel, encoder: InputEncoder, known: Snapshots, outcomes: Outcomes, ahead: int
    ) -> _LogErrors:
        """The errors of the forecasts of the newest `ahead` months."""
        origin = sorted(known)[-1 - ahead]
        customers = encoder.encode(known[origin], origin)
        buyers = customers.take(customers.has_bought)
        value, orders = outcomes.after(buyers.ids, origin, range(1, ahead + 1))
        money, activity = model.candidate_totals(buyers, ahead)
        return cls(_log_ratio(value.sum(), money), _log_ratio((orders > 0).sum(), activity))


def _log_ratio(actual: float, forecasts: Floats) -> Floats:
    """Zero if nothing was sold."""
    return np.asarray(np.log(actual / forecasts)) if actual > 0.0 else np.zeros(len(forecasts))
