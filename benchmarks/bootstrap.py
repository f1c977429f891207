"""Whether a difference between two models is more than chance: paired bootstrap over customers (Efron 1979)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.forecast import Forecast, figures
from benchmarks.shop import Outcome
from jobs.forecasting.bootstrap import LEVEL, MONEY, RANKING
from jobs.forecasting.encoder import Floats

LOWER_IS_BETTER = {
    MONEY: True,
    "mae": True,
    "rmse": True,
    RANKING: False,
    "spearman": False,
    "top10_capture": False,
    "decile_mape": True,
    LEVEL: True,
    "brier": True,
    "winkler80": True,
}
"""What is compared."""

_RESAMPLES = 300
_SEED = 20110601
_CONFIDENCE = 0.95

Difference = dict[str, float | str | None]
Differences = dict[str, dict[str, Difference]]


@dataclass(frozen=True)
class Judged:
    """An origin: the customers, what they did, and what each model forecast."""

    ids: pd.Index
    outcome: Outcome
    forecasts: Mapping[str, Forecast]


def differences(origins: Sequence[Judged], ours: str) -> tuple[list[Differences], Differences]:
    """Ours less each peer: peer → measure → difference, 95 % interval and verdict, by origin and as mean of them all.

    A resample draws the same customers for every model and every origin, so that what the models or the origins have
    in common cancels out.
    """
    drawn = np.stack([_measured(origins, rows) for rows in _resamples(origins)])
    result = _measured(origins, [np.arange(len(origin.ids)) for origin in origins])
    names = _names(origins)
    gaps = drawn[:, :, names.index(ours), None] - drawn
    gap = result[:, names.index(ours), None] - result
    by_origin = [_described(gap[i], gaps[:, i], names, ours) for i in range(len(origins))]
    return by_origin, _described(_mean(gap, 0), _mean(gaps, 1), names, ours)


def _names(origins: Sequence[Judged]) -> list[str]:
    return list(dict.fromkeys(name for origin in origins for name in origin.forecasts))


def _resamples(origins: Sequence[Judged]) -> list[list[NDArray[np.intp]]]:
    """For each resample, the row numbers drawn at each origin."""
    customers = origins[0].ids
    for origin in origins[1:]:
        customers = customers.union(origin.ids)
    position = [origin.ids.get_indexer(customers) for origin in origins]
    rng = np.random.default_rng(_SEED)
    draws = (rng.integers(len(customers), size=len(customers)) for _ in range(_RESAMPLES))
    return [[rows[drawn][rows[drawn] >= 0] for rows in position] for drawn in draws]


def _measured(origins: Sequence[Judged], rows: Sequence[NDArray[np.intp]]) -> Floats:
    """Every measure of every model at every origin, on some rows; NaN where there is none."""
    names = _names(origins)
    result = np.full((len(origins), len(names), len(LOWER_IS_BETTER)), np.nan)
    for i, (origin, drawn) in enumerate(zip(origins, rows, strict=True)):
        for name, forecast in origin.forecasts.items():
            measured = figures(forecast.take(drawn), origin.outcome.take(drawn))
            result[i, names.index(name)] = [measure_of(measured, measure) for measure in LOWER_IS_BETTER]
    return result


def measure_of(measured: Mapping[str, float | None], measure: str) -> float:
    """A measure of a model's figures; NaN where there is none."""
    figure = measured["total_ratio" if measure == LEVEL else measure]
    if figure is None or (measure == LEVEL and figure <= 0.0):
        return np.nan
    return float(abs(np.log(figure))) if measure == LEVEL else figure


def _mean(gaps: Floats, axis: int) -> Floats:
    """The mean over the origins that have a figure; NaN where none has."""
    there = ~np.isnan(gaps)
    count = there.sum(axis=axis)
    return np.asarray(np.where(count, np.where(there, gaps, 0.0).sum(axis=axis) / np.maximum(count, 1), np.nan))


def _described(gap: Floats, gaps: Floats, names: Sequence[str], ours: str) -> Differences:
    tail = (1.0 - _CONFIDENCE) / 2.0
    result: Differences = {}
    for i, name in enumerate(names):
        if name == ours or np.isnan(gap[i]).all():
            continue
        result[name] = {
            measure: _difference(gap[i, k], np.nanquantile(gaps[:, i, k], [tail, 1.0 - tail]), lower_is_better)
            for k, (measure, lower_is_better) in enumerate(LOWER_IS_BETTER.items())
            if not np.isnan(gap[i, k])
        }
    return result


def _difference(gap: float, interval: Floats, lower_is_better: bool) -> Difference:
    lower, upper = interval
    verdict = "tie"
    if upper < 0.0 or lower > 0.0:
        verdict = "win" if (upper < 0.0) == lower_is_better else "loss"
    return {"difference": float(gap), "lower": float(lower), "upper": float(upper), "verdict": verdict}
