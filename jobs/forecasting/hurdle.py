"""Two-part model of a month: p(at least one order) x E[net value | at least one order], boosted from a shrunken start.

Each customer starts from his own history, mixed with a few months of the average customer (a credibility estimate);
XGBoost learns what has to be corrected. A customer far outside the training range keeps his own level.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from jobs.forecasting.inputs import Customers, Floats
from jobs.forecasting.panel import HORIZON_INPUTS, horizon_inputs
from jobs.forecasting.params import ModelParams
from jobs.month import HORIZON_MONTHS

_DAYS_PER_MONTH = 30.4375
_LEAST_P, _MOST_P = 0.002, 0.98
_LEAST_VALUE_SHARE = 0.02


@dataclass(frozen=True)
class Rows:
    """Training rows: inputs, starts, labels."""

    inputs: NDArray[np.float32]
    p_start: Floats
    value_start: Floats
    value: Floats
    active: NDArray[np.bool_]


@dataclass(frozen=True)
class Start:
    """The average customer, and how much he weighs against a customer's own history."""

    p_mean: float
    value_mean: float
    p_months: float
    value_months: float

    def of(self, customers: Customers) -> tuple[Floats, Floats]:
        """Each customer's starting p(active in a month) and value of an active month."""
        known = ~np.isnan(customers.orders)
        active = np.nansum(customers.orders > 0, axis=1).astype(float)
        tenure_months = np.maximum(np.nan_to_num(customers.tenure_days) / _DAYS_PER_MONTH, 1.0)
        exposure = np.minimum(tenure_months, np.maximum(known.sum(axis=1), 1))
        spent = np.maximum(np.nansum(customers.values, axis=1), 0.0)
        p = (active + self.p_months * self.p_mean) / (exposure + self.p_months)
        value = (spent + self.value_months * self.value_mean) / (active + self.value_months)
        return np.clip(p, _LEAST_P, _MOST_P), np.maximum(value, _LEAST_VALUE_SHARE * self.value_mean)


@dataclass(frozen=True)
class Hurdle:
    """The two boosters and their start."""

    start: Start
    names: tuple[str, ...]
    activity: xgb.Booster
    value: xgb.Booster

    @classmethod
    def fit(cls, rows: Rows, start: Start, names: tuple[str, ...], params: ModelParams) -> Hurdle:
        """Boost both parts; `rows` in a fixed order gives the same trees."""
        names = (*names, *HORIZON_INPUTS)
        settings = {
            "tree_method": "hist",
            "eta": params.learning_rate,
            "max_depth": params.max_depth,
            "min_child_weight": params.min_child_weight,
            "lambda": params.l2,
            "subsample": params.row_share,
            "colsample_bytree": params.column_share,
            "max_bin": params.max_bins,
            "nthread": params.threads,
            "seed": params.seed,
        }
        activity = xgb.QuantileDMatrix(
            rows.inputs,
            label=rows.active.astype(float),
            base_margin=_logit(rows.p_start),
            feature_names=list(names),
            max_bin=params.max_bins,
            nthread=params.threads,
        )
        bought = rows.active
        cap = np.maximum(params.value_cap_multiple * rows.value_start[bought], 0.0)
        value = xgb.QuantileDMatrix(
            rows.inputs[bought],
            label=np.clip(rows.value[bought], _LEAST_VALUE_SHARE * start.value_mean, cap),
            base_margin=np.log(rows.value_start[bought]),
            feature_names=list(names),
            max_bin=params.max_bins,
            nthread=params.threads,
        )
        return cls(
            start,
            names,
            xgb.train({**settings, "objective": "binary:logistic", "base_score": 0.5}, activity, params.rounds),
            xgb.train({**settings, "objective": "reg:gamma", "base_score": 1.0}, value, params.rounds),
        )

    def predict(self, customers: Customers) -> tuple[Floats, Floats]:
        """P(active) and E[value | active], one row a customer, one column a horizon month."""
        shape = (len(customers), HORIZON_MONTHS)
        p, value = np.zeros(shape), np.zeros(shape)
        if len(customers) == 0:
            return p, value
        p_start, value_start = self.start.of(customers)
        for horizon in range(1, HORIZON_MONTHS + 1):
            inputs = horizon_inputs(customers, horizon)
            p[:, horizon - 1] = self._boosted(self.activity, inputs, _logit(p_start))
            value[:, horizon - 1] = self._boosted(self.value, inputs, np.log(value_start))
        return p, value

    def _boosted(self, booster: xgb.Booster, inputs: NDArray[np.float32], margin: Floats) -> Floats:
        rows = xgb.DMatrix(inputs, base_margin=margin, feature_names=list(self.names), nthread=1)
        return np.asarray(booster.predict(rows), dtype=np.float64)

    def importance(self) -> dict[str, float]:
        """Each input's share of the gain, both boosters taken together."""
        shares: dict[str, float] = dict.fromkeys(self.names, 0.0)
        for booster in (self.activity, self.value):
            gains = {name: float(str(gain)) for name, gain in booster.get_score(importance_type="total_gain").items()}
            for name, gain in gains.items():
                shares[name] += gain / sum(gains.values()) / 2.0
        return shares

    def save(self, folder: Path) -> None:
        """Write both boosters in XGBoost's own format."""
        self.activity.save_model(folder / "activity.ubj")
        self.value.save_model(folder / "value.ubj")

    @classmethod
    def load(cls, folder: Path, start: Start, names: tuple[str, ...]) -> Hurdle:
        """Read what `save` wrote; raises ValueError where the inputs' names are not those of the boosters."""
        activity, value = xgb.Booster(), xgb.Booster()
        activity.load_model(folder / "activity.ubj")
        value.load_model(folder / "value.ubj")
        for booster in (activity, value):
            if tuple(booster.feature_names or ()) != names:
                raise ValueError(f"{folder}: the boosters' inputs are not those of the JSON beside them")
        return cls(start, names, activity, value)


def _logit(p: Floats) -> Floats:
    return np.log(p / (1.0 - p))
