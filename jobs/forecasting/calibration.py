"""Calibrate on a holdout: a model that did not know the newest months forecasts them, and its errors are measured."""

from __future__ import annotations

import numpy as np

from jobs.forecasting import total_level
from jobs.forecasting.calibrated import Calibration
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
    errors = np.array([_log_errors(holdout_model, encoder, known, outcomes, ahead) for ahead in rolling(months)])
    weights = total_level.weigh(errors)
    total, active = actual.sum(axis=1), orders.max(axis=1) > 0
    outlook = holdout_model.expect(customers).outlook(months).at_level(total, active)
    intervals = Intervals.fit(outlook, total, months, holdout_model.params.coverage, (errors @ weights).tolist())
    return Calibration(weights, intervals)


def _log_errors(model: MonthlyModel, encoder: InputEncoder, known: Snapshots, outcomes: Outcomes, ahead: int) -> Floats:
    """Logarithms of actual to forecast total of the newest months, one a candidate; zero if nothing was sold."""
    origin = sorted(known)[-1 - ahead]
    customers = encoder.encode(known[origin], origin)
    buyers = customers.take(customers.has_bought)
    value, _ = outcomes.after(buyers.ids, origin, range(1, ahead + 1))
    totals = model.candidate_totals(buyers, ahead)
    return np.log(value.sum() / totals) if value.sum() > 0.0 else np.zeros(len(totals))
