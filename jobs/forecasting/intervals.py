"""80 % intervals for the net value of several months: a predictive distribution, calibrated by split conformal.

The distribution is zero with probability 1 - P(active), else lognormal around the expected value given activity; its
spread shrinks with the expected number of active months. How much of it an interval must hold is calibrated by value
band on outcomes that followed the forecasts (Vovk, Gammerman and Shafer 2005, "Algorithmic Learning in a Random
World"; bands are Mondrian categories): for 80 % coverage the interval may need to hold 85 % of a distribution that is
too narrow. If zero alone is more likely than that, the interval is [0, forecast].

The total of many customers is less uncertain than the sum of their intervals' ends, and more uncertain than if
customers were independent: all share an error of level. Its size is estimated from the totals forecast from earlier
origins; since these are few, the interval uses Student's t distribution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtri, stdtrit

from jobs.forecasting.bands import BANDS, band_of, edges
from jobs.forecasting.encoder import Floats

_CONTENTS = np.arange(0.30, 0.9951, 0.005)
_LEAST_SPREAD = 0.05
_LEAST_VALUE = 0.01
_LEAST_P = 1e-6
_LEAST_ACTIVE = 30
_LOG_ODDS = (-40.0, 40.0)
"""No factor on odds of at least `_LEAST_P` reaches further, whatever mean of billions of customers is asked for."""
_WIDE = 0.5
"""Variance of log value that is assumed if too few outcomes are known."""


@dataclass(frozen=True)
class Outlook:
    """What is expected of each customer over the months an interval covers.

    Attributes:
        value: expected net value.
        p_active: probability of at least one order.
        active_months: expected number of months with an order.
    """

    value: Floats
    p_active: Floats
    active_months: Floats

    def at_level(self, actual: Floats, active: NDArray[np.bool_]) -> Outlook:
        """The outlook at the actual level: money scaled in proportion, P(active) in odds.

        An error of level is one draw that all customers share: it says nothing about their spread.
        """
        value, p, active_months = self.value, self.p_active, self.active_months
        if actual.sum() > 0.0 and value.sum() > 0.0:
            value = value * actual.sum() / value.sum()
        if active.any() and not active.all():
            p = self._odds_scaled_to(float(active.mean()))
            active_months = active_months * p / np.clip(self.p_active, _LEAST_P, 1.0)
        return Outlook(value, p, active_months)

    def _odds_scaled_to(self, mean: float) -> Floats:
        """P(active) of this mean, all odds multiplied by the same."""
        p = np.clip(self.p_active, _LEAST_P, 1.0 - _LEAST_P)
        odds = p / (1.0 - p)
        factor = brentq(lambda log: (odds * np.exp(log) / (1.0 + odds * np.exp(log))).mean() - mean, *_LOG_ODDS)
        return np.asarray(odds * np.exp(factor) / (1.0 + odds * np.exp(factor)))


@dataclass(frozen=True)
class Intervals:
    """Spread of the distribution, and the share of it that each band's intervals hold.

    Attributes:
        spread_floor: variance of log value, given activity, that many active months do not reduce.
        spread_per_month: variance of log value that one active month adds, divided by their expected number.
        edges: forecasts per month that separate the bands.
        contents: share of the distribution the interval of each band holds.
        level_errors: logarithms of actual over forecast total, from a few earlier origins.
        level_months: the longest horizon, in months, of those totals.
    """

    spread_floor: float
    spread_per_month: float
    edges: Sequence[float]
    contents: Sequence[float]
    level_errors: Sequence[float]
    level_months: int

    @classmethod
    def uncalibrated(cls, coverage: float) -> Intervals:
        """Wide intervals, for a history without matured outcomes."""
        return cls(_WIDE, _WIDE, [0.0] * len(BANDS), [coverage] * (len(BANDS) + 1), [_WIDE], 1)

    @classmethod
    def fit(
        cls, outlook: Outlook, actual: Floats, months: int, coverage: float, level_errors: Sequence[float]
    ) -> Intervals:
        """Calibrate on the outcomes of forecasts that could not know them."""
        floor, per_month = _spread(outlook, actual)
        unit = outlook.value / months
        between = edges(unit)
        draft = cls(floor, per_month, between.tolist(), [coverage] * (len(BANDS) + 1), level_errors, months)
        inside = np.array([_holds(*draft.holding(outlook, np.full(len(unit), c)), actual) for c in _CONTENTS])
        return replace(draft, contents=_contents(inside, band_of(unit, between), coverage))

    def of(self, outlook: Outlook, months: int) -> tuple[Floats, Floats]:
        """Lower and upper end for each customer; the interval contains the forecast."""
        band = band_of(outlook.value / months, self.edges)
        return self.holding(outlook, np.asarray(self.contents)[band])

    def holding(self, outlook: Outlook, content: Floats) -> tuple[Floats, Floats]:
        """The interval that holds a share of the distribution: two-sided if zero is unlikely, else from zero."""
        zero = 1.0 - outlook.p_active
        tail = (1.0 - content) / 2.0
        from_zero = zero >= tail
        lower = np.where(from_zero, 0.0, self._quantile(outlook, tail))
        upper = self._quantile(outlook, np.where(from_zero, content, 1.0 - tail))
        return np.minimum(lower, outlook.value), np.maximum(upper, outlook.value)

    def of_total(self, outlook: Outlook, months: int, coverage: float) -> tuple[float, float]:
        """Ends of the interval for all these customers together: a shop, or a segment of it."""
        total = float(outlook.value.sum())
        if total <= 0.0:
            return 0.0, 0.0
        variance = self.level_variance(months) + self.own_variance(outlook).sum() / total**2
        reach = np.sqrt(variance) * self.level_quantile(coverage)
        return total * float(np.exp(-reach)), total * float(np.exp(reach))

    def own_variance(self, outlook: Outlook) -> Floats:
        """Variance of each customer's value, in squared currency, without the error of level that all share."""
        spread = np.exp(self._variance(outlook)) / self._p(outlook) - 1.0
        return np.asarray(outlook.value**2 * np.maximum(spread, 0.0))

    def level_variance(self, months: int) -> float:
        """Variance of the logarithm of the level; beyond the horizon of the known errors, that of a random walk."""
        return float(np.mean(np.square(self.level_errors)) * max(months / self.level_months, 1.0))

    def level_quantile(self, coverage: float) -> float:
        """How many standard deviations the interval of a total reaches: of Student's t, as the errors are few."""
        return float(stdtrit(len(self.level_errors), (1.0 + coverage) / 2.0))

    def _quantile(self, outlook: Outlook, level: Floats) -> Floats:
        p, variance = self._p(outlook), self._variance(outlook)
        within = np.clip((level - (1.0 - p)) / p, 0.0, 1.0 - 1e-9)
        mean = np.maximum(outlook.value, _LEAST_VALUE) / p
        quantile = mean * np.exp(np.sqrt(variance) * ndtri(np.maximum(within, 1e-12)) - variance / 2.0)
        return np.asarray(np.where(within > 0.0, quantile, 0.0))

    def _p(self, outlook: Outlook) -> Floats:
        return np.maximum(outlook.p_active, _LEAST_P)

    def _variance(self, outlook: Outlook) -> Floats:
        active_months = np.maximum(outlook.active_months / self._p(outlook), 1.0)
        return np.asarray(self.spread_floor + self.spread_per_month / active_months)


def _spread(outlook: Outlook, actual: Floats) -> tuple[float, float]:
    """Regress squared log ratios of actual to expected, given activity, on the inverse of the active months."""
    bought = (actual > 0.0) & (outlook.p_active > 0.0) & (outlook.value > 0.0)
    if bought.sum() < _LEAST_ACTIVE:
        return _WIDE, _WIDE
    p = outlook.p_active[bought]
    ratio = np.log(np.maximum(actual[bought], _LEAST_VALUE) / np.maximum(outlook.value[bought] / p, _LEAST_VALUE))
    inverse = 1.0 / np.maximum(outlook.active_months[bought] / p, 1.0)
    squared = (ratio - np.median(ratio)) ** 2
    slope, floor = 0.0, 0.0
    if np.ptp(inverse) > _LEAST_SPREAD:
        slope, floor = np.polyfit(inverse, np.minimum(squared, np.quantile(squared, 0.99)), 1)
    if slope < 0.0 or floor < 0.0 or not slope + floor:
        return float(max(squared.mean(), _LEAST_SPREAD)), 0.0
    return float(max(floor, _LEAST_SPREAD)), float(slope)


def _holds(lower: Floats, upper: Floats, actual: Floats) -> NDArray[np.bool_]:
    return (lower <= actual) & (actual <= upper)


def _contents(inside: NDArray[np.bool_], band: NDArray[np.intp], coverage: float) -> list[float]:
    """The least content by band that covers enough; the nominal one where there is no customer."""
    contents = []
    for b in range(len(BANDS) + 1):
        covered = inside[:, band == b].mean(axis=1) if (band == b).any() else _CONTENTS
        enough = np.flatnonzero(covered >= coverage)
        contents.append(float(_CONTENTS[enough[0] if len(enough) else -1]))
    return contents
