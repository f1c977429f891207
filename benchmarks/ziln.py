"""Zero-inflated lognormal regression: one model of who buys, how much, and how surely, fitted by one loss.

Wang, Liu and Miao (2019), "A Deep Probabilistic Model for Customer Lifetime Value Prediction", arXiv:1912.07753. The
loss is the paper's; boosted trees take the place of its network, one for each of the three parameters.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray
from scipy.special import expit

from jobs.forecasting.encoder import Floats

_SETTINGS = {"eta": 0.05, "max_depth": 4, "min_child_weight": 5.0, "lambda": 5.0, "subsample": 0.7, "base_score": 0.0}
_ROUNDS = 150
_LEAST_SIGMA, _LARGEST_SIGMA = 0.1, 2.5
_NO_CURVATURE = 1e-6


@dataclass(frozen=True)
class Ziln:
    """Trees for log-odds of buying, mean and spread (before softplus) of log value; and where they start."""

    booster: xgb.Booster
    start: tuple[float, float, float]

    @classmethod
    def fit(cls, inputs: NDArray[np.float32], value: Floats, *, threads: int, seed: int) -> Ziln:
        """Learn from customers' inputs and later net value; raises ValueError where fewer than two bought."""
        bought = value > 0.0
        if bought.sum() < 2:
            raise ValueError(f"{bought.sum()} of {len(value)} customers bought: nothing to learn from")
        log_value = np.log(value[bought])
        share = np.clip(bought.mean(), 0.01, 0.99)
        spread = np.clip(log_value.std(), _LEAST_SIGMA, _LARGEST_SIGMA)
        start = (float(np.log(share / (1.0 - share))), float(log_value.mean()), float(np.log(np.expm1(spread))))
        data = xgb.DMatrix(inputs, label=np.repeat(value[:, None], 3, axis=1))
        data.set_base_margin(np.tile(start, (len(value), 1)))
        settings = _SETTINGS | {"nthread": threads, "seed": seed, "disable_default_eval_metric": 1}
        return cls(xgb.train(settings, data, _ROUNDS, obj=_objective), start)

    def predict(self, inputs: NDArray[np.float32]) -> tuple[Floats, Floats]:
        """Expected value p · exp(mu + sigma² / 2) and probability p of buying, one each a customer."""
        data = xgb.DMatrix(inputs)
        data.set_base_margin(np.tile(self.start, (len(inputs), 1)))
        logit, mu, raw = self.booster.predict(data, output_margin=True).astype(np.float64).T
        p = expit(logit)
        return p * np.exp(mu + _sigma(raw) ** 2 / 2.0), p


def gradients(parameters: Floats, value: Floats) -> tuple[Floats, Floats]:
    """First derivatives of the loss by each parameter, and expected second ones (Fisher's), one row a customer."""
    logit, mu, raw = parameters.T
    bought = value > 0.0
    p, sigma, slope = expit(logit), _sigma(raw), expit(raw)
    off = np.log(np.where(bought, value, 1.0)) - mu
    first = np.stack([p - bought, -off / sigma**2 * bought, (1.0 / sigma - off**2 / sigma**3) * slope * bought], axis=1)
    second = np.stack([p * (1.0 - p), bought / sigma**2, 2.0 / sigma**2 * slope**2 * bought], axis=1)
    return first, np.maximum(second, _NO_CURVATURE)


def loss(parameters: Floats, value: Floats) -> Floats:
    """Negative log-likelihood of each customer's value, but for a constant."""
    logit, mu, raw = parameters.T
    bought, sigma = value > 0.0, _sigma(raw)
    off = np.log(np.where(bought, value, 1.0)) - mu
    return np.asarray(np.logaddexp(0.0, logit) - bought * logit + bought * (np.log(sigma) + off**2 / (2.0 * sigma**2)))


def _objective(parameters: Floats, data: xgb.DMatrix) -> tuple[Floats, Floats]:
    value = data.get_label().reshape(parameters.shape)[:, 0]
    return gradients(parameters.astype(np.float64), value.astype(np.float64))


def _sigma(raw: Floats) -> Floats:
    return np.asarray(np.clip(np.logaddexp(0.0, raw), _LEAST_SIGMA, _LARGEST_SIGMA))
