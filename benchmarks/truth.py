"""How near forecasts come to the expected values themselves, which only a simulated shop can tell."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.forecast import Forecast
from benchmarks.shop import Problem
from jobs.core.month import HORIZON_MONTHS
from jobs.forecasting.encoder import Floats

_TENURE_DAYS = {"up to 3 months": 90.0, "3 to 12 months": 365.0, "1 to 2 years": 730.0, "over 2 years": np.inf}
_NEVER = "never bought"


def truth_file(landing: Path, origin: date) -> Path | None:
    """Where a simulated shop tells the truth of an origin, beside its file or in its folder; None if it does not."""
    folder = landing if landing.is_dir() else landing.parent
    path = folder / "truth" / f"as_of={origin}.parquet"
    return path if path.is_file() else None


def calibration(
    path: Path, problem: Problem, forecasts: Mapping[str, Forecast], monthly: Floats
) -> dict[str, dict[str, Any]]:
    """Slope of the truth on each forecast and total of the forecast over that of the truth; 1 is perfect.

    Args:
        path: what `truth_file` found.
        problem: the origin.
        forecasts: every model's.
        monthly: our expected net value of each of the twelve months, one row a customer.

    Returns:
        `models`: model → tenure band ("all": everybody) → customers, slope and total_ratio; `months`: for each of the
        twelve months, our total over the true one.
    """
    expected = pd.read_parquet(path).set_index("customer_id").reindex(problem.ids)
    by_month = expected[[f"expected_{h:02d}" for h in range(1, HORIZON_MONTHS + 1)]].to_numpy(dtype=np.float64)
    known = ~np.isnan(by_month[:, 0])
    truth = by_month[:, : problem.months].sum(axis=1)
    bands = tenure_bands(problem.snapshot["tenure_days"].to_numpy(dtype=np.float64))
    rows = {"all": known} | {band: known & (bands == band) for band in (_NEVER, *_TENURE_DAYS)}
    models = {
        name: {band: _fit(forecast.value[chosen], truth[chosen]) for band, chosen in rows.items() if chosen.any()}
        for name, forecast in forecasts.items()
    }
    return {"models": models, "months": (monthly[known].sum(axis=0) / by_month[known].sum(axis=0)).tolist()}


def tenure_bands(tenure: Floats) -> np.ndarray[Any, np.dtype[np.object_]]:
    """The band of each tenure in days; NaN: never bought."""
    edges = np.array(list(_TENURE_DAYS.values()))
    names = np.array([*_TENURE_DAYS, _NEVER], dtype=object)
    return np.asarray(names[np.where(np.isnan(tenure), len(edges), np.searchsorted(edges, tenure))])


def _fit(forecast: Floats, truth: Floats) -> dict[str, float | None]:
    varies = len(forecast) > 1 and np.ptp(forecast) > 0.0
    return {
        "customers": len(forecast),
        "slope": float(np.polyfit(forecast, truth, 1)[0]) if varies else None,
        "total_ratio": float(forecast.sum() / truth.sum()) if truth.sum() > 0.0 else None,
    }
