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
    total, active, bought = actual.sum(axis=1), orders.max(axis=1) > 0, customers.has_bought
    outlook = holdout_model.expect(customers).outlook(months).at_level(total, active)
    levels = BandLevels.fit(outlook.value[bought], total[bought], months)
    factors = np.where(bought, levels.of(outlook.value / months), 1.0)
    errors = [_log_error(holdout_model, encoder, known, outcomes, ahead) for ahead in rolling(months)]
    levelled = replace(outlook, value=outlook.value * factors)
    return Calibration(levels, Intervals.fit(levelled, total, months, holdout_model.params.coverage, errors))


def _log_error(model: MonthlyModel, encoder: InputEncoder, known: Snapshots, outcomes: Outcomes, ahead: int) -> float:
    """Logarithm of actual to forecast total of the newest months, at most one; zero if nothing was sold.

    A factor of e already says that the level is unknown: more would only make intervals of the total absurd.
    """
    origin = sorted(known)[-1 - ahead]
    customers = encoder.encode(known[origin], origin)
    buyers = customers.take(customers.has_bought)
    value, _ = outcomes.after(buyers.ids, origin, range(1, ahead + 1))
    if value.sum() <= 0.0:
        return 0.0
    return float(np.clip(np.log(value.sum() / model.combined_total(buyers, ahead)), -1.0, 1.0))
