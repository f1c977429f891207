"""A model's forecast of each customer, the time it took, and its metrics."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmarks.shop import Outcome
from jobs.forecasting.encoder import Floats
from jobs.forecasting.metrics import activity_metrics, interval_metrics, value_metrics

METRICS = (
    "wape",
    "mae",
    "rmse",
    "mse",
    "portfolio_mape",
    "decile_mape",
    "total_ratio",
    "spearman",
    "norm_gini",
    "top10_capture",
    "top20_capture",
    "brier",
    "auc",
    "coverage80",
    "coverage80_top_decile",
    "width80",
    "winkler80",
    "total_p10_ratio",
    "total_p90_ratio",
    "fit_s",
    "score_s",
)
"""The metrics of every model, in this order; None where it has no such output."""

Fitted = TypeVar("Fitted")


class CannotFitError(RuntimeError):
    """A model cannot be fitted here; the message says why."""


@dataclass(frozen=True)
class Forecast:
    """A model's forecast, one entry a customer.

    Attributes:
        value: expected net value of all months forecast.
        p_active: probability of at least one order in them.
        interval: lower and upper end of the 80 % interval of the value.
        total_interval: likewise, of the value of all customers together.
        fit_s: seconds that fitting took.
        score_s: seconds that forecasting took.
    """

    value: Floats
    p_active: Floats | None = None
    interval: tuple[Floats, Floats] | None = None
    total_interval: tuple[float, float] | None = None
    fit_s: float | None = None
    score_s: float | None = None

    def take(self, rows: NDArray[np.intp]) -> Forecast:
        """Of some customers, those drawn twice counting twice; without what only all of them together have."""
        return Forecast(
            value=self.value[rows],
            p_active=None if self.p_active is None else self.p_active[rows],
            interval=None if self.interval is None else (self.interval[0][rows], self.interval[1][rows]),
        )


def timed(fit: Callable[[], Fitted], score: Callable[[Fitted], Forecast]) -> Forecast:
    """Fit, then forecast, and measure the seconds of each."""
    started = time.perf_counter()
    fitted = fit()
    between = time.perf_counter()
    forecast = score(fitted)
    return replace(forecast, fit_s=between - started, score_s=time.perf_counter() - between)


def figures(forecast: Forecast, outcome: Outcome) -> dict[str, float | None]:
    """Every metric of a forecast."""
    result: dict[str, float] = value_metrics(outcome.value, forecast.value)
    if forecast.p_active is not None:
        result |= activity_metrics(outcome.active, forecast.p_active)
    if forecast.interval is not None:
        result |= interval_metrics(outcome.value, forecast.value, *forecast.interval)
    total = float(outcome.value.sum())
    if forecast.total_interval is not None and total > 0.0:
        ends = ("total_p10_ratio", "total_p90_ratio")
        result |= {name: end / total for name, end in zip(ends, forecast.total_interval, strict=True)}
    seconds = {"fit_s": forecast.fit_s, "score_s": forecast.score_s}
    return {name: result.get(name, seconds.get(name)) for name in METRICS}
