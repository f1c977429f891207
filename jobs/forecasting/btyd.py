"""Buy till you die: how often a customer will come back, and what an order day is worth.

Pareto/NBD: Schmittlein, Morrison and Colombo (1987), "Counting Your Customers: Who Are They and What Will They Do
Next?", Management Science 33(1); the formulas in the form of Fader and Hardie (2005), "A Note on Deriving the
Pareto/NBD Model and Related Expressions", brucehardie.com/notes/009. Instead of their hypergeometric function, the
integral behind it is summed by Gauss-Legendre quadrature, which neither overflows nor cancels. Time may be in any unit;
the forecaster uses weeks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, expit, gammaln

from jobs.forecasting.encoder import Floats

_STARTS = ((0.6, 10.0, 0.6, 10.0), (1.0, 20.0, 1.5, 100.0))
_PENALTY = 1e-4
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_NEGLIGIBLE = 36.0
"""The integrand is cut off where it has fallen by a factor of e to this power."""
_MOST_CUSTOMERS = 25_000
"""The most customers that Pareto/NBD is fitted to; its four parameters need no more."""


@dataclass(frozen=True)
class Purchases:
    """What the model knows of each customer.

    Attributes:
        repeats: days with an order after the first one.
        last: time from the first to the last order.
        age: time from the first order to `as_of`.
    """

    repeats: Floats
    last: Floats
    age: Floats


@dataclass(frozen=True)
class ParetoNbd:
    """Gamma(r, alpha) purchase rates, Gamma(s, beta) rates of leaving for good at any time."""

    r: float
    alpha: float
    s: float
    beta: float

    @classmethod
    def fit(cls, purchases: Purchases) -> ParetoNbd:
        """Maximum likelihood, with a small penalty so that a flat likelihood has an optimum.

        Of more customers than `_MOST_CUSTOMERS`, so many are taken at equal distances, sorted by their histories.
        """
        histories = _sample(np.stack([purchases.repeats, purchases.last, purchases.age], axis=1))
        rows, weight = np.unique(histories, axis=0, return_counts=True)
        distinct = Purchases(rows[:, 0], rows[:, 1], rows[:, 2])

        def loss(log_parameters: Floats) -> float:
            each = cls(*np.exp(log_parameters)).log_likelihood(distinct)
            return float(-(weight @ each) / weight.sum() + _PENALTY * (log_parameters**2).sum())

        bounds = [(-7.0, 9.0)] * 4
        fits = [minimize(loss, np.log(start), method="L-BFGS-B", bounds=bounds) for start in _STARTS]
        return cls(*np.exp(min(fits, key=lambda result: float(result.fun)).x).tolist())

    def log_likelihood(self, purchases: Purchases) -> Floats:
        """Log-likelihood of each customer's history (equation 20 of the note)."""
        x, r = purchases.repeats, self.r
        common = gammaln(r + x) - gammaln(r) + r * np.log(self.alpha) + self.s * np.log(self.beta)
        return np.asarray(common + np.logaddexp(self._stayed(purchases), self._left(purchases)))

    def p_alive(self, purchases: Purchases) -> Floats:
        """Probability that a customer has not left."""
        return np.asarray(expit(self._stayed(purchases) - self._left(purchases)))

    def purchases_if_alive(self, purchases: Purchases, ahead: float) -> Floats:
        """Expected days with an order in the next `ahead` time units of a customer who has not left."""
        rate = (self.r + purchases.repeats) / (self.alpha + purchases.age)
        growth = np.log1p(ahead / (self.beta + purchases.age))
        above_one = self.s - 1.0
        lifetime = growth if above_one == 0.0 else -np.expm1(-above_one * growth) / above_one
        return np.asarray(rate * (self.beta + purchases.age) * lifetime)

    def expected_purchases(self, purchases: Purchases, ahead: float) -> Floats:
        """Expected days with an order in the next `ahead` time units (equation 41 of the note)."""
        return self.p_alive(purchases) * self.purchases_if_alive(purchases, ahead)

    def _stayed(self, purchases: Purchases) -> Floats:
        shape = self.r + purchases.repeats
        return np.asarray(-shape * np.log(self.alpha + purchases.age) - self.s * np.log(self.beta + purchases.age))

    def _left(self, purchases: Purchases) -> Floats:
        """Logarithm of s x the integral of (alpha + u)^-(r + x) (beta + u)^-(s + 1) over u from last to age.

        With u = (least + last) e^w - least, least being the smaller of alpha and beta, the integrand falls off in w
        ever faster, so that it can be cut off by its slope at the start. Nodes are added one by one, so that a
        customer's result does not depend on the number of customers.
        """
        last, least = purchases.last, min(self.alpha, self.beta)
        by_purchase, by_time = self.r + purchases.repeats, self.s + 1.0
        since = least + last
        slope = by_purchase * since / (self.alpha + last) + by_time * since / (self.beta + last) - 1.0
        width = np.log((least + purchases.age) / since)
        width = np.minimum(width, _NEGLIGIBLE / np.maximum(slope, 1e-9))
        at_last = by_purchase * np.log(self.alpha + last) + by_time * np.log(self.beta + last)
        total = np.zeros(len(last))
        for node, weight in zip(_NODES, _WEIGHTS, strict=True):
            w = width * (node + 1.0) / 2.0
            ahead = since * np.expm1(w)
            fall = by_purchase * np.log1p(ahead / (self.alpha + last)) + by_time * np.log1p(ahead / (self.beta + last))
            total = total + weight * np.exp(w - fall)
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.s * since * width / 2.0 * total) - at_last)


def _sample(rows: Floats) -> Floats:
    """At most `_MOST_CUSTOMERS` of the rows, at equal distances in their sorted order."""
    count = len(rows)
    if count <= _MOST_CUSTOMERS:
        return rows
    positions = (2 * np.arange(_MOST_CUSTOMERS) + 1) * count // (2 * _MOST_CUSTOMERS)
    return np.asarray(rows[np.lexsort(rows.T[::-1])][positions])


@dataclass(frozen=True)
class GammaGamma:
    """Value of an order day: Gamma(p, nu) around a customer's mean, with Gamma(q, gamma) rates nu across customers.

    Fader and Hardie (2013), "The Gamma-Gamma Model of Monetary Value", brucehardie.com/notes/025.
    """

    p: float
    q: float
    gamma: float

    @classmethod
    def fit(cls, days: Floats, mean: Floats) -> GammaGamma:
        """Maximum likelihood over customers with `days` order days worth `mean` each on average, both above zero.

        q is kept above one, where the mean across customers exists.
        """
        unit = float(mean.mean())

        def of(log_parameters: Floats) -> GammaGamma:
            p, above_one, gamma = np.exp(log_parameters).tolist()
            return cls(p, 1.0 + above_one, gamma)

        def loss(log_parameters: Floats) -> float:
            each = of(log_parameters).log_likelihood(days, mean / unit)
            return float(-each.mean() + _PENALTY * (log_parameters**2).sum())

        bounds = [(-4.0, 7.0), (-2.0, 7.0), (-4.0, 7.0)]
        fitted = of(minimize(loss, np.log([2.0, 2.0, 1.0]), method="L-BFGS-B", bounds=bounds).x)
        return cls(fitted.p, fitted.q, fitted.gamma * unit)

    def log_likelihood(self, days: Floats, mean: Floats) -> Floats:
        """Log-likelihood of each customer's mean order day (equation 1a of the note)."""
        p, q, gamma = self.p, self.q, self.gamma
        shape = p * days
        return np.asarray(
            -betaln(shape, q)
            + q * np.log(gamma)
            + (shape - 1.0) * np.log(mean)
            + shape * np.log(days)
            - (shape + q) * np.log(gamma + days * mean)
        )

    def expected_value(self, days: Floats, mean: Floats) -> Floats:
        """Expected value of a customer's next order day (equation 5 of the note)."""
        return np.asarray(self.p * (self.gamma + days * mean) / (self.p * days + self.q - 1.0))
