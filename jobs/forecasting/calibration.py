"""Calibrate on a holdout: a model that did not know the newest months forecasts them, and its errors are measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from jobs.forecasting.bands import BandLevels
from jobs.forecasting.calibrated import Calibration
from jobs.forecasting.encoder import InputEncoder
from jobs.forecasting.intervals import Intervals
from jobs.forecasting.monthly_model import MonthlyModel
from jobs.forecasting.outcomes import Outcomes, Snapshots, rolling


def calibrate(holdout_model: MonthlyModel, encoder: InputEncoder, known: Snapshots, months: int) -> Calibration:
    """Compare a holdout model's forecasts of customers who bought with the `months` months that followed.

    Customers who never bought have a few forecasts that are all alike: they would fill bands of their own, whose
    intervals say nothing of buyers.

    Args:
        holdout_model: fitted as of the first day of those months, uncalibrated.
        encoder: its encoder.
        known: every snapshot up to the last day of them.
        months: how many they are.
    """
    origin = sorted(known)[-1 - months]
    customers = encoder.encode(known[origin], origin)
    buyers = customers.take(customers.has_bought)
    outcomes = Outcomes.read(known)
    actual, orders = outcomes.after(buyers.ids, origin, range(1, months + 1))
    total, active = actual.sum(axis=1), orders.max(axis=1) > 0
    outlook = holdout_model.expect(buyers).outlook(months).at_level(total, active)
    levels = BandLevels.fit(outlook.value, total, months)
    levelled = replace(outlook, value=outlook.value * levels.of(outlook.value / months))
    errors = [_log_error(holdout_model, encoder, known, outcomes, ahead) for ahead in rolling(months)]
    return Calibration(levels, Intervals.fit(levelled, total, months, holdout_model.params.coverage, errors))


def _log_error(model: MonthlyModel, encoder: InputEncoder, known: Snapshots, outcomes: Outcomes, ahead: int) -> float:
    """Logarithm of actual to forecast total of the newest months, from minus one (nothing was sold) to one.

    A factor of e already says that the level is unknown: more would only make intervals of the total absurd.
    """
    origin = sorted(known)[-1 - ahead]
    customers = encoder.encode(known[origin], origin)
    buyers = customers.take(customers.has_bought)
    value, _ = outcomes.after(buyers.ids, origin, range(1, ahead + 1))
    if value.sum() <= 0.0:
        return -1.0
    return float(np.clip(np.log(value.sum() / model.combined_total(buyers, ahead)), -1.0, 1.0))
