"""What a forecaster learns from a twin that did not know the newest months: trust in boosting, and intervals."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from jobs.forecasting.intervals import Intervals
from jobs.forecasting.panel import Outcomes, Snapshots
from jobs.forecasting.trust import fit_trust

if TYPE_CHECKING:
    from jobs.forecasting.forecaster import Forecaster


def calibrate(twin: Forecaster, known: Snapshots, months: int) -> tuple[float, Intervals]:
    """Compare the forecasts of a twin with the `months` months that followed: its best trust, and its errors.

    Args:
        twin: fitted as of the first day of those months.
        known: every snapshot up to the last day of them.
        months: how many they are.
    """
    customers = twin.encoder.encode(known[twin.as_of], twin.as_of)
    outcomes = Outcomes.read(known)
    actual, orders = outcomes.after(customers.ids, twin.as_of, range(1, months + 1))
    bought = ~np.isnan(customers.recency_days)
    found = twin.hurdle.predict(twin.start.history(customers.take(bought)))
    trust = fit_trust(found.start[:, :months], found.value[:, :months], actual[bought])
    twin = replace(twin, trust=trust)
    total, active = actual.sum(axis=1), orders.max(axis=1) > 0
    outlook = twin.expect_of(customers).outlook(months).at_level(total, active)
    errors = _level_errors(twin, known, outcomes, months)
    return trust, Intervals.fit(outlook, total, months, twin.params.coverage, errors)


def _level_errors(twin: Forecaster, known: Snapshots, outcomes: Outcomes, months: int) -> list[float]:
    """Logarithms of actual to forecast total of the months up to now, from a few origins since the twin's."""
    days = sorted(known)
    errors = []
    for ahead in sorted({months, -(-months * 2 // 3), -(-months // 3)}):
        day = days[-1 - ahead]
        actual, _ = outcomes.after(known[day]["customer_id"].to_numpy(dtype=object), day, range(1, ahead + 1))
        forecast = twin.expect(known[day], day).value[:, :ahead].sum()
        if actual.sum() > 0.0 and forecast > 0.0:
            errors.append(float(np.log(actual.sum() / forecast)))
    return errors or [0.0]
