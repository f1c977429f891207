"""Buy till you die: how often a customer will come back, and what an order day of his is worth.

MBG/NBD: Batislam, Denizel and Filiztekin (2007), "Empirical validation and comparison of models for customer base
analysis", International Journal of Research in Marketing 24(3); Hoppe and Wagner (2007) correct its moments. It is
BG/NBD (Fader, Hardie and Lee 2005) but that a customer may leave after the first order already, so that a customer who
ordered once, long ago, does not stay alive for ever. Time may be in any unit; the forecaster uses weeks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1

from jobs.forecasting.inputs import Floats

_STARTS = ((0.5, 5.0, 0.8, 2.5), (1.0, 20.0, 0.5, 5.0))
_PENALTY = 1e-4
_POLE_WIDTH = 1e-5


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
class MbgNbd:
    """Gamma(r, alpha) purchase rates, Beta(a, b) probabilities of leaving after an order, the first included."""

    r: float
    alpha: float
    a: float
    b: float

    @classmethod
    def fit(cls, purchases: Purchases) -> MbgNbd:
        """Maximum likelihood, with a trace of a penalty so that a flat likelihood has an optimum."""
        seen, weight = np.unique(
            np.stack([purchases.repeats, purchases.last, purchases.age], axis=1), axis=0, return_counts=True
        )
        distinct = Purchases(seen[:, 0], seen[:, 1], seen[:, 2])

        def loss(log_parameters: Floats) -> float:
            each = cls(*np.exp(log_parameters)).log_likelihood(distinct)
            return float(-(weight @ each) / weight.sum() + _PENALTY * (log_parameters**2).sum())

        bounds = [(-7.0, 9.0)] * 4
        fits = [minimize(loss, np.log(start), method="L-BFGS-B", bounds=bounds) for start in _STARTS]
        return cls(*np.exp(min(fits, key=lambda found: float(found.fun)).x).tolist())

    def log_likelihood(self, purchases: Purchases) -> Floats:
        """Log-likelihood of each customer's history."""
        x, r, alpha, a, b = purchases.repeats, self.r, self.alpha, self.a, self.b
        common = gammaln(r + x) - gammaln(r) + r * np.log(alpha) - betaln(a, b)
        alive = betaln(a, b + x + 1.0) - (r + x) * np.log(alpha + purchases.age)
        left = betaln(a + 1.0, b + x) - (r + x) * np.log(alpha + purchases.last)
        return np.asarray(common + np.logaddexp(alive, left))

    def p_alive(self, purchases: Purchases) -> Floats:
        """Probability that a customer has not left."""
        x = purchases.repeats
        silence = (self.alpha + purchases.age) / (self.alpha + purchases.last)
        return np.asarray(1.0 / (1.0 + self.a / (self.b + x) * silence ** (self.r + x)))

    def expected_purchases(self, purchases: Purchases, ahead: float) -> Floats:
        """Expected days with an order in the next `ahead` time units."""
        x, age = purchases.repeats, purchases.age
        a = self.a if abs(self.a - 1.0) > _POLE_WIDTH else 1.0 + _POLE_WIDTH
        span = self.alpha + age + ahead
        series = hyp2f1(self.r + x, self.b + x + 1.0, a + self.b + x, ahead / span)
        bracket = 1.0 - ((self.alpha + age) / span) ** (self.r + x) * series
        return np.asarray((a + self.b + x) / (a - 1.0) * bracket * self.p_alive(purchases))


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
        found = of(minimize(loss, np.log([2.0, 2.0, 1.0]), method="L-BFGS-B", bounds=bounds).x)
        return cls(found.p, found.q, found.gamma * unit)

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
