"""A booster that corrects an expectation by a factor, learned from what customers did in as long as each was seen.

One row a customer: what it did in all its months that are over, against what was expected of these months. Two months
count for as much as two months tell, and the factor holds for all twelve. Poisson loss, so that every leaf balances
what was expected and what was done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xgboost as xgb

from jobs.forecasting.encoder import Floats
from jobs.forecasting.first_month.encoder import FirstMonthEncoder
from jobs.forecasting.params import ModelParams

_LEAST_LEVEL = 1e-6


@dataclass(frozen=True)
class Correction:
    """The fitted booster.

    Attributes:
        encoder: its inputs.
        booster: logarithm of the factor, but for the level; it knows its inputs by position, as XGBoost refuses names
            with `[`, `]` or `<`, which departments may have.
        level: the rest of the factor, the same for everybody.
    """

    encoder: FirstMonthEncoder
    booster: xgb.Booster
    level: float

    @classmethod
    def fit(
        cls,
        features: pd.DataFrame,
        actual: Floats,
        expected: Floats,
        inputs: Sequence[str],
        params: ModelParams,
        *,
        cap: float = np.inf,
    ) -> Correction:
        """Learn the factor from actual to expected; `params.activity_leaf` and `activity_l2` are in units of `actual`.

        Args:
            features: `first_month_features`.
            actual: one number a customer, in units of which the average is about one.
            expected: what was expected of it, above zero.
            inputs: the columns to learn from.
            params: the settings.
            cap: a customer counts at most as this many times what was expected of it; the level makes up for it.
        """
        level = max(float(actual.sum() / expected.sum()), _LEAST_LEVEL)
        encoder = FirstMonthEncoder.of(features, inputs)
        rows = xgb.QuantileDMatrix(
            encoder.encode(features),
            label=np.clip(actual, 0.0, cap * level * expected),
            base_margin=np.log(level * expected),
            max_bin=params.max_bins,
            nthread=params.threads,
        )
        settings = {
            "objective": "count:poisson",
            "max_delta_step": 0.0,
            "tree_method": "hist",
            "base_score": 0.5,
            "eta": params.learning_rate,
            "max_depth": params.max_depth,
            "gamma": params.split_gain,
            "min_child_weight": params.activity_leaf,
            "lambda": params.activity_l2,
            "subsample": params.row_share,
            "colsample_bytree": params.column_share,
            "max_bin": params.max_bins,
            "nthread": params.threads,
            "seed": params.seed,
        }
        booster = xgb.train(settings, rows, params.rounds)
        forecast = float(np.asarray(booster.predict(rows), dtype=np.float64).sum())
        return cls(encoder, booster, level * level * float(expected.sum()) / forecast)

    def factor(self, features: pd.DataFrame) -> Floats:
        """The factor of each customer, which does not depend on the others."""
        if features.empty:
            return np.zeros(0)
        return np.asarray(self.booster.predict(self._rows(features)), dtype=np.float64) * self.level

    def contributions(self, features: pd.DataFrame) -> Floats:
        """What each input adds to the factor's logarithm, one row a customer, along each tree's path."""
        if features.empty:
            return np.zeros((0, len(self.encoder.names)))
        parts = self.booster.predict(self._rows(features), pred_contribs=True, approx_contribs=True)
        return np.asarray(parts, dtype=np.float64)[:, :-1]

    def save(self, path: Path) -> dict[str, Any]:
        """Write the booster in XGBoost's own format; everything else is returned."""
        self.booster.save_model(path)
        return {
            "numbers": list(self.encoder.numbers),
            "categories": [[name, list(texts)] for name, texts in self.encoder.categories.items()],
            "level": self.level,
        }

    @classmethod
    def load(cls, path: Path, content: dict[str, Any]) -> Correction:
        """Read what `save` wrote; raises ValueError if the booster does not belong to the rest."""
        categories = {name: tuple(texts) for name, texts in content["categories"]}
        encoder = FirstMonthEncoder(tuple(content["numbers"]), categories)
        booster = xgb.Booster(model_file=path)
        if booster.num_features() != len(encoder.names):
            raise ValueError(
                f"{path.name} was trained on {booster.num_features()} inputs, and the JSON beside it lists "
                f"{len(encoder.names)}: fetch the version again, or train another one"
            )
        return cls(encoder, booster, content["level"])

    def _rows(self, features: pd.DataFrame) -> xgb.DMatrix:
        return xgb.DMatrix(self.encoder.encode(features), base_margin=np.zeros(len(features)), nthread=1)
