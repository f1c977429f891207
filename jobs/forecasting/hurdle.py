"""Two-part model of a month: p(at least one order), and the net value, boosted from where history alone would put them.

E[net value] = p x E[net value | active]. The value part is fitted to the money of all customer-months (Poisson loss, so
that every leaf balances forecast and actual money) rather than to buyers alone: E[net value | active] is what it
implies. Both boosters start from the customer's own history and learn what has to be corrected; a customer outside the
range of the training data keeps his own level.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from jobs.forecasting.history import HORIZON_NAMES, NAMES, History
from jobs.forecasting.inputs import Floats
from jobs.forecasting.params import ModelParams
from jobs.forecasting.rows import Rows, capped
from jobs.forecasting.trust import Trust, logit
from jobs.month import HORIZON_MONTHS

ACTIVITY_FILE, VALUE_FILE = "activity.ubj", "value.ubj"

_LEAST_P = 1e-6


@dataclass(frozen=True)
class Hurdle:
    """The two boosters.

    Attributes:
        names: their inputs, in order.
        unit: the money that counts as one in the value booster.
        activity: P(active).
        value: net value in units.
    """

    names: tuple[str, ...]
    unit: float
    activity: xgb.Booster
    value: xgb.Booster

    @classmethod
    def fit(
        cls, rows: Rows, value_start: Floats, snapshot_names: tuple[str, ...], unit: float, params: ModelParams
    ) -> Hurdle:
        """Boost both parts; the same rows in the same order give the same trees."""
        names = (*snapshot_names, *NAMES, *HORIZON_NAMES)
        common = {
            "tree_method": "hist",
            "base_score": 0.5,
            "eta": params.learning_rate,
            "max_depth": params.max_depth,
            "subsample": params.row_share,
            "colsample_bytree": params.column_share,
            "max_bin": params.max_bins,
            "nthread": params.threads,
            "seed": params.seed,
        }
        data = xgb.QuantileDMatrix(
            rows.inputs, feature_names=list(names), max_bin=params.max_bins, nthread=params.threads
        )
        activity = common | {
            "objective": "binary:logistic",
            "min_child_weight": params.activity_leaf,
            "lambda": params.activity_l2,
        }
        data.set_info(label=rows.active.astype(float), base_margin=logit(rows.p_start))
        activity_booster = xgb.train(activity, data, params.rounds)
        value = common | {
            "objective": "count:poisson",
            "max_delta_step": 0.0,
            "min_child_weight": params.value_leaf,
            "lambda": params.value_l2,
        }
        data.set_info(
            label=capped(rows.value, value_start, unit, params) / unit, base_margin=np.log(value_start / unit)
        )
        return cls(names, unit, activity_booster, xgb.train(value, data, params.rounds))

    def predict(self, history: History, trust: Trust) -> tuple[Floats, Floats]:
        """P(active) and expected net value, one row a customer, one column a horizon month."""
        p, value = np.zeros((2, len(history.values), HORIZON_MONTHS))
        if len(history.values) == 0:
            return p, value
        own = history.inputs()
        for horizon in range(1, HORIZON_MONTHS + 1):
            start = history.month(horizon)
            inputs = np.concatenate([own, start.inputs], axis=1)
            chance, money = self.boosted(inputs, start.p, start.value)
            p[:, horizon - 1], value[:, horizon - 1] = trust.p(start.p, chance), trust.money(start.value, money)
        return p, value

    def boosted(self, inputs: NDArray[np.float32], p_start: Floats, value_start: Floats) -> tuple[Floats, Floats]:
        """P(active) and expected net value of rows of the panel, fully corrected."""
        rows = xgb.DMatrix(inputs, feature_names=list(self.names), nthread=1)
        rows.set_info(base_margin=logit(p_start))
        p = np.asarray(self.activity.predict(rows), dtype=np.float64)
        rows.set_info(base_margin=np.log(value_start / self.unit))
        return np.clip(p, _LEAST_P, 1.0 - _LEAST_P), np.asarray(self.value.predict(rows), dtype=np.float64) * self.unit

    def importance(self) -> dict[str, float]:
        """Each input's share of the gain, both boosters taken together."""
        shares: dict[str, float] = dict.fromkeys(self.names, 0.0)
        for booster in (self.activity, self.value):
            gains: dict[str, Any] = dict(booster.get_score(importance_type="total_gain"))
            for name, gain in gains.items():
                shares[name] += float(gain) / sum(gains.values()) / 2.0
        return shares

    def save(self, folder: Path) -> None:
        """Write both boosters in XGBoost's own format."""
        self.activity.save_model(folder / ACTIVITY_FILE)
        self.value.save_model(folder / VALUE_FILE)

    @classmethod
    def load(cls, folder: Path, names: tuple[str, ...], unit: float) -> Hurdle:
        """Read what `save` wrote; raises ValueError where the boosters were trained on other inputs than `names`."""
        activity, value = xgb.Booster(), xgb.Booster()
        activity.load_model(folder / ACTIVITY_FILE)
        value.load_model(folder / VALUE_FILE)
        for booster in (activity, value):
            if tuple(booster.feature_names or ()) != names:
                raise ValueError(f"{folder}: the boosters' inputs are not those named in the JSON beside them")
        return cls(names, unit, activity, value)
