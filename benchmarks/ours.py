"""Our forecaster, as production uses it: fit on what is known, predict, sum the first months."""

from __future__ import annotations

import time
from dataclasses import dataclass

from benchmarks.forecast import Forecast
from benchmarks.segments import Texts
from benchmarks.shop import Problem
from jobs.forecasting.encoder import Floats
from jobs.forecasting.fit import fit
from jobs.forecasting.forecaster import Forecaster
from jobs.lake.tables import FORECAST_MONTHS

OURS = "ours"


@dataclass(frozen=True)
class Ours:
    """Our forecast, and what it came from.

    Attributes:
        forecast: of the months asked for.
        p_active: probability of at least one order in them.
        interval: lower and upper end of the 80 % interval of their value.
        monthly: expected net value of each of the twelve months, one row a customer.
        status: of each customer.
        forecaster: what made them.
    """

    forecast: Forecast
    p_active: Floats
    interval: tuple[Floats, Floats]
    monthly: Floats
    status: Texts
    forecaster: Forecaster


def ours(problem: Problem) -> Ours:
    """Fit and predict; raises InputError where the history is too short to learn from."""
    started = time.perf_counter()
    forecaster = fit(problem.history, as_of=problem.origin)
    fitted = time.perf_counter()
    predicted = forecaster.predict(problem.snapshot, as_of=problem.origin)
    scored = time.perf_counter()
    monthly = predicted[list(FORECAST_MONTHS)].to_numpy(dtype=float)
    outlook = forecaster.expect(problem.snapshot, problem.origin).outlook(problem.months)
    interval = forecaster.intervals.of(outlook, problem.months)
    forecast = Forecast(
        value=monthly[:, : problem.months].sum(axis=1),
        p_active=outlook.p_active,
        interval=interval,
        total_interval=forecaster.intervals.of_total(outlook, problem.months, forecaster.params.coverage),
        fit_s=fitted - started,
        score_s=scored - fitted,
    )
    return Ours(forecast, outlook.p_active, interval, monthly, predicted["status"].to_numpy(dtype=object), forecaster)
