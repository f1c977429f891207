"""Whether one forecast is worse than another by more than chance: paired bootstrap over customers (Efron 1979).

A resample draws customers, the same ones for every forecast and every origin, so that what these have in common cancels
out. Customers are drawn by Poisson weights, which approximate the bootstrap for a large number of customers and allow
every forecast to be sorted only once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.forecasting.encoder import Floats
from jobs.forecasting.metrics import by_rank

MONEY, RANKING, LEVEL = "wape", "norm_gini", "abs_log_total_ratio"
MEASURES = (MONEY, RANKING, LEVEL)
"""WAPE, ranking, and how far the total is off in either direction."""

RESAMPLES = 200


@dataclass(frozen=True)
class BacktestOrigin:
    """An origin: the actual value of the months that followed, and each candidate's forecast of it.

    Attributes:
        months: how many months followed.
        ids: the customers.
        actual: net value of those months, one a customer.
        forecasts: candidate → net value, one a customer.
    """

    months: int
    ids: NDArray[np.object_]
    actual: Floats
    forecasts: Mapping[str, Floats]


def measure(origins: Sequence[BacktestOrigin]) -> dict[str, Floats]:
    """Candidate → every measure, as a mean over the origins, on all customers."""
    ranked = [_Ranked.of(origin) for origin in origins]
    return _mean(ranked, [np.ones(len(origin.actual)) for origin in origins])


def resampled(origins: Sequence[BacktestOrigin], seed: int) -> dict[str, Floats]:
    """Candidate → every measure in each resample: shape (resamples, measures)."""
    ranked = [_Ranked.of(origin) for origin in origins]
    samples = [_mean(ranked, weights) for weights in _weights(origins, seed)]
    return {name: np.stack([sample[name] for sample in samples]) for name in origins[0].forecasts}


def _weights(origins: Sequence[BacktestOrigin], seed: int) -> Iterator[list[Floats]]:
    """How often each customer of each origin is drawn."""
    customers = np.unique(np.concatenate([origin.ids for origin in origins]).astype(str))
    places = [np.searchsorted(customers, origin.ids.astype(str)) for origin in origins]
    rng = np.random.default_rng(seed)
    for _ in range(RESAMPLES):
        drawn = rng.poisson(1.0, len(customers)).astype(float)
        yield [drawn[place] for place in places]


@dataclass(frozen=True)
class _Ranked:
    """An origin with the customers sorted by actual value, and by each forecast."""

    origin: BacktestOrigin
    perfect: NDArray[np.intp]
    orders: Mapping[str, NDArray[np.intp]]

    @classmethod
    def of(cls, origin: BacktestOrigin) -> _Ranked:
        orders = {name: by_rank(forecast) for name, forecast in origin.forecasts.items()}
        return cls(origin, by_rank(origin.actual), orders)

    def measures(self, name: str, weights: Floats) -> Floats:
        actual, forecast = self.origin.actual, self.origin.forecasts[name]
        actual_total, forecast_total = (weights * actual).sum(), (weights * forecast).sum()
        if actual_total <= 0.0 or forecast_total <= 0.0:
            return np.full(len(MEASURES), np.nan)
        wape = (weights * np.abs(forecast - actual)).sum() / actual_total
        perfect = _gain_area(actual, self.perfect, weights)
        gini = _gain_area(actual, self.orders[name], weights) / perfect if perfect > 0.0 else np.nan
        return np.array([wape, gini, abs(np.log(forecast_total / actual_total))])


def _gain_area(actual: Floats, order: NDArray[np.intp], weights: Floats) -> float:
    """Area between the gain curve of an order and the diagonal."""
    drawn, brought = weights[order], (weights * actual)[order]
    middle = np.cumsum(brought) - brought / 2.0
    return float((drawn * middle).sum() / drawn.sum() / brought.sum() - 0.5)


def _mean(origins: Sequence[_Ranked], weights: Sequence[Floats]) -> dict[str, Floats]:
    names = origins[0].origin.forecasts
    return {
        name: np.mean([origin.measures(name, drawn) for origin, drawn in zip(origins, weights, strict=True)], axis=0)
        for name in names
    }
