"""Our forecasts by segment of the shop: where they are off, and where their intervals do not hold."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from benchmarks.forecast import Forecast
from benchmarks.shop import Outcome
from benchmarks.truth import tenure_bands
from jobs.forecasting.encoder import Floats
from jobs.forecasting.metrics import decile_rows

Texts = NDArray[np.object_]


def segments(
    forecast: Forecast, outcome: Outcome, *, status: Texts, tenure: Floats
) -> dict[str, dict[str, dict[str, float | None]]]:
    """Kind of segment → segment → figures.

    Args:
        forecast: ours, with intervals.
        outcome: what customers did.
        status: of each customer, as published.
        tenure: days since the first order; NaN: never ordered.

    Returns:
        For each status, tenure band and decile of the forecast (01 the highest): customers; their share of the actual
        value; WAPE (wape) and forecast to actual total (total_ratio), None where nothing was
        bought; share inside the 80 % interval.
    """
    decile = np.empty(len(tenure), dtype=object)
    for number, rows in enumerate(decile_rows(forecast.value), start=1):
        decile[rows] = f"{number:02d}"
    kinds: Mapping[str, Texts] = {"status": status, "tenure": tenure_bands(tenure), "decile": decile}
    return {
        kind: {str(name): _figures(forecast, outcome, names == name) for name in sorted(set(names))}
        for kind, names in kinds.items()
    }


def _figures(forecast: Forecast, outcome: Outcome, rows: NDArray[np.bool_]) -> dict[str, float | None]:
    value, actual, total = forecast.value[rows], outcome.value[rows], float(outcome.value[rows].sum())
    result: dict[str, float | None] = {
        "customers": int(rows.sum()),
        "value_share": total / float(outcome.value.sum()),
        "wape": float(np.abs(value - actual).sum()) / total if total > 0.0 else None,
        "total_ratio": float(value.sum()) / total if total > 0.0 else None,
    }
    if forecast.interval is not None:
        lower, upper = (end[rows] for end in forecast.interval)
        result["coverage80"] = float(((lower <= actual) & (actual <= upper)).mean())
    return result
