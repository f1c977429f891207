"""Whether one forecast is worse than another by more than chance: paired bootstrap over customers (Efron 1979).

A resample draws customers, the same ones for every forecast and every origin, so that what these have in common cancels
out. Customers are drawn by Poisson weights, which come to the same for as many customers as a shop has, and let every
order be sorted only once.
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
"""Error in money, ranking, and how far the total is off, in either direction."""

RESAMPLES = 200


@dataclass(frozen=True)
class BacktestOrigin:
    """An origin: what customers brought in the months that followed, and what each forecast had said.

    Attributes:
        months: how many months followed.
        ids: the customers.
        actual: net value of those months, one a customer.
        forecasts: who forecast → net value, one a customer.
    """

    months: int
    ids: NDArray[np.object_]
    actual: Floats
    forecasts: Mapping[str, Floats]


def measure(rounds: Sequence[BacktestOrigin]) -> dict[str, Floats]:
    """Who forecast → every measure, as a mean over the origins: as it is."""
    ranked = [_Ranked.of(one) for one in rounds]
    return _mean(ranked, [np.ones(len(one.actual)) for one in rounds])


def resampled(rounds: Sequence[BacktestOrigin], seed: int) -> dict[str, Floats]:
    """Who forecast → every measure in each resample: shape (resamples, measures)."""
    ranked = [_Ranked.of(one) for one in rounds]
    drawn = [_mean(ranked, weights) for weights in _weights(rounds, seed)]
    return {name: np.stack([one[name] for one in drawn]) for name in rounds[0].forecasts}


def _weights(rounds: Sequence[BacktestOrigin], seed: int) -> Iterator[list[Floats]]:
    """How often each customer of each origin is drawn."""
    everybody = np.unique(np.concatenate([one.ids for one in rounds]).astype(str))
    places = [np.searchsorted(everybody, one.ids.astype(str)) for one in rounds]
    rng = np.random.default_rng(seed)
    for _ in range(RESAMPLES):
        drawn = rng.poisson(1.0, len(everybody)).astype(float)
        yield [drawn[place] for place in places]


@dataclass(frozen=True)
class _Ranked:
    """A round whose orders are known."""

    round: BacktestOrigin
    perfect: NDArray[np.intp]
    orders: Mapping[str, NDArray[np.intp]]

    @classmethod
    def of(cls, one: BacktestOrigin) -> _Ranked:
        return cls(one, by_rank(one.actual), {name: by_rank(forecast) for name, forecast in one.forecasts.items()})

    def measures(self, name: str, weights: Floats) -> Floats:
        actual, forecast = self.round.actual, self.round.forecasts[name]
        came, said = (weights * actual).sum(), (weights * forecast).sum()
        if came <= 0.0 or said <= 0.0:
            return np.full(len(MEASURES), np.nan)
        wape = (weights * np.abs(forecast - actual)).sum() / came
        perfect = _gain_area(actual, self.perfect, weights)
        gini = _gain_area(actual, self.orders[name], weights) / perfect if perfect > 0.0 else np.nan
        return np.array([wape, gini, abs(np.log(said / came))])


def _gain_area(actual: Floats, order: NDArray[np.intp], weights: Floats) -> float:
    """Area between the gain curve of an order and the diagonal."""
    drawn, brought = weights[order], (weights * actual)[order]
    middle = np.cumsum(brought) - brought / 2.0
    return float((drawn * middle).sum() / drawn.sum() / brought.sum() - 0.5)


def _mean(rounds: Sequence[_Ranked], weights: Sequence[Floats]) -> dict[str, Floats]:
    names = rounds[0].round.forecasts
    return {
        name: np.mean([one.measures(name, drawn) for one, drawn in zip(rounds, weights, strict=True)], axis=0)
        for name in names
    }
