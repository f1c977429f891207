"""How right a forecast was for all customers and for segments, beside what the trailing year would have said."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobs.core.month import HORIZON_MONTHS
from jobs.forecasting.metrics import BAR, decile_rows, value_metrics

FORECAST, TRAILING_YEAR = "forecast", "trailing_year"


def accuracy_rows(customers: pd.DataFrame, months: int, known_months: int) -> list[dict[str, object]]:
    """The rows of `clv.accuracy_rows`, without their load and horizon.

    Args:
        customers: one row a customer with `status`, `tier` (none before tiers were published), `forecast`, `actual` and
            `last_year` (net values), and the ends `lower` and `upper` of the interval of twelve months.
        months: how many months `forecast` and `actual` add up.
        known_months: how many months `last_year` adds up: twelve, or fewer in a young shop; with none of them, there
            are no rows of the trailing year.
    """
    candidates = {FORECAST: customers["forecast"].to_numpy()}
    if known_months:
        candidates[TRAILING_YEAR] = customers["last_year"].to_numpy() / known_months * months
    has_interval = months == HORIZON_MONTHS
    inside = (customers["lower"] <= customers["actual"]) & (customers["actual"] <= customers["upper"])
    return [
        {
            "segment_by": segment_by,
            "segment": segment,
            "candidate": name,
            "covered_customers": int(inside.iloc[rows].sum()) if has_interval and name == FORECAST else None,
        }
        | _accuracy(customers["actual"].to_numpy()[rows], candidate[rows], has_deciles=segment_by != "decile")
        for segment_by, segment, rows in _segments(customers)
        for name, candidate in candidates.items()
    ]


def _segments(customers: pd.DataFrame) -> Iterator[tuple[str, str, NDArray[np.intp]]]:
    """What customers are grouped by, the segment, and its row numbers."""
    yield "all", "all", np.arange(len(customers))
    for segment_by in ("status", "tier"):
        for segment, rows in sorted(customers.groupby(segment_by).indices.items()):
            yield segment_by, f"{segment:.0f}" if segment_by == "tier" else str(segment), np.asarray(rows)
    for decile, rows in enumerate(decile_rows(customers["forecast"].to_numpy()), start=1):
        yield "decile", f"{decile:02d}", rows


def _accuracy(actual: NDArray[np.float64], forecast: NDArray[np.float64], *, has_deciles: bool) -> dict[str, object]:
    error = forecast - actual
    metrics = value_metrics(actual, forecast) if has_deciles else {}
    decile_mape = metrics.get("decile_mape")
    return {
        "customers": len(actual),
        "actual_total": round(float(actual.sum()), 2),
        "forecast_total": round(float(forecast.sum()), 2),
        "absolute_error_total": float(np.abs(error).sum()),
        "squared_error_total": float(np.square(error).sum()),
        "norm_gini": metrics.get("norm_gini"),
        "decile_mape": decile_mape,
        "meets_decile_bar": None if decile_mape is None else decile_mape <= BAR,
    }
