"""BG/NBD: how often a customer will come back, from how often, how recently and for how long he has been known.

Fader, Hardie and Lee (2005), "Counting Your Customers" the Easy Way: An Alternative to the Pareto/NBD Model, Marketing
Science 24(2). Time may be in any unit; the forecaster uses weeks.
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
class BgNbd:
    """Gamma(r, alpha) purchase rates, Beta(a, b) probabilities of leaving after an order."""

    r: float
    alpha: float
    a: float
    b: float

    @classmethod
    def fit(cls, purchases: Purchases) -> BgNbd:
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
        """Log-likelihood of each customer's history (equation 6 of the paper)."""
        x, t_x, age = purchases.repeats, purchases.last, purchases.age
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        common = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + betaln(a, b + x) - betaln(a, b)
        alive = -(r + x) * np.log(alpha + age)
        left = np.log(a) - np.log(b + np.maximum(x, 1.0) - 1.0) - (r + x) * np.log(alpha + t_x)
        return np.asarray(common + np.where(x > 0, np.logaddexp(alive, left), alive))

    def p_alive(self, purchases: Purchases) -> Floats:
        """Probability that a customer has not left."""
        x = purchases.repeats
        odds_left = self.a / (self.b + np.maximum(x, 1.0) - 1.0)
        ratio = (self.alpha + purchases.age) / (self.alpha + purchases.last)
        return np.asarray(1.0 / (1.0 + np.where(x > 0, odds_left * ratio ** (self.r + x), 0.0)))

    def expected_purchases(self, purchases: Purchases, ahead: float) -> Floats:
        """Expected days with an order in the next `ahead` time units (equation 10 of the paper)."""
        x, age = purchases.repeats, purchases.age
        a = self.a if abs(self.a - 1.0) > _POLE_WIDTH else 1.0 + _POLE_WIDTH
        span = self.alpha + age + ahead
        series = hyp2f1(self.r + x, self.b + x, a + self.b + x - 1.0, ahead / span)
        bracket = 1.0 - ((self.alpha + age) / span) ** (self.r + x) * series
        return np.asarray((a + self.b + x - 1.0) / (a - 1.0) * bracket * self.p_alive(purchases))
