"""Two-part model of a month: p(at least one order), and the net value, boosted from what the base models forecast.

E[net value] = p x E[net value | active]. The value part is fitted to the money of all customer-months (Poisson loss, so
that every leaf balances forecast and actual money) rather than to buyers alone: E[net value | active] is what it
implies. Both boosters start from the base models and learn corrections; a customer outside the
range of the training data keeps its own level.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from jobs.core.month import HORIZON_MONTHS
from jobs.forecasting.base_margin import History
from jobs.forecasting.encoder import Floats
from jobs.forecasting.params import ModelParams
from jobs.forecasting.pool import Pool
from jobs.forecasting.training_rows import Rows, capped

ACTIVITY_FILE, VALUE_FILE = "activity.ubj", "value.ubj"

ACTIVITY_WEIGHT = 0.25
"""Share of the activity booster's correction, in logarithms, that the value booster starts from."""

_LEAST_P = 1e-6
_ROWS_AT_ONCE = 12_000
"""Each call of XGBoost costs as much as some hundred rows."""


@dataclass(frozen=True)
class Boosted:
    """The boosters' forecasts of customer-months.

    Attributes:
        p: P(active).
        base: net value that the value booster starts from.
        value: net value, fully corrected.
    """

    p: Floats
    base: Floats
    value: Floats


@dataclass(frozen=True)
class TwoPartModel:
    """The two boosters.

    Attributes:
        names: their inputs, in order.
        unit: the amount of money that is one unit of the value booster.
        activity: P(active).
        pool: where the value booster starts from.
        value: net value in units.
    """

    names: tuple[str, ...]
    unit: float
    activity: xgb.Booster
    pool: Pool
    value: xgb.Booster

    @classmethod
    def fit(cls, rows: Rows, names: tuple[str, ...], unit: float, params: ModelParams) -> TwoPartModel:
        """Boost both parts; the same rows in the same order give the same trees. `names` are those of the inputs."""
        common = {
            "tree_method": "hist",
            "base_score": 0.5,
            "eta": params.learning_rate,
            "max_depth": params.max_depth,
            "gamma": params.split_gain,
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
        data.set_info(label=rows.active.astype(float), base_margin=_logit(rows.p_base))
        activity_booster = xgb.train(activity, data, params.rounds)
        p = np.asarray(activity_booster.predict(data), dtype=np.float64)
        pool = Pool.fit(rows, unit, params)
        base = pool.of(rows.logs) * rows.season * (p / rows.p_base) ** ACTIVITY_WEIGHT
        value = common | {
            "objective": "count:poisson",
            "max_delta_step": 0.0,
            "min_child_weight": params.value_leaf,
            "lambda": params.value_l2,
        }
        data.set_info(label=capped(rows.value, base, unit, params) / unit, base_margin=np.log(base / unit))
        return cls(names, unit, activity_booster, pool, xgb.train(value, data, params.rounds))

    def predict(self, history: History) -> Boosted:
        """P(active) and expected net value of the horizon months."""
        p, base, value = np.zeros((3, len(history.values), HORIZON_MONTHS))
        if len(history.values):
            own = history.inputs()
            for columns in _groups(len(own)):
                months = [history.month(column + 1) for column in columns]
                boosted = self.boosted(
                    np.concatenate([np.concatenate([own, month.inputs], axis=1) for month in months]),
                    np.concatenate([month.logs for month in months]),
                    np.repeat([month.season for month in months], len(own)),
                    np.concatenate([month.p for month in months]),
                )
                for found, of_months in ((p, boosted.p), (base, boosted.base), (value, boosted.value)):
                    found[:, columns] = of_months.reshape(len(months), len(own)).T
        return Boosted(p, base, value)

    def boosted(
        self,
        inputs: NDArray[np.float32],
        logs: Floats,
        season: Floats | float,
        p_base: Floats,
    ) -> Boosted:
        """Forecast rows of the panel; the arguments are those of `Rows`."""
        rows = xgb.DMatrix(inputs, feature_names=list(self.names), nthread=1)
        rows.set_info(base_margin=_logit(p_base))
        p = np.asarray(self.activity.predict(rows), dtype=np.float64)
        base = self.pool.of(logs) * season * (p / p_base) ** ACTIVITY_WEIGHT
        rows.set_info(base_margin=np.log(base / self.unit))
        value = np.asarray(self.value.predict(rows), dtype=np.float64) * self.unit
        return Boosted(np.clip(p, _LEAST_P, 1.0 - _LEAST_P), base, value)

    def contributions(self, inputs: NDArray[np.float32], *, exact: bool) -> tuple[Floats, Floats]:
        """What each input adds to the log-odds of an order, and to the logarithm of the value; one row a customer.

        The last column is each booster's mean correction. A row's sum is the booster's margin less where it started.

        Args:
            inputs: as in `Rows`.
            exact: SHAP values; otherwise, and far faster, each split's change of the mean along the row's path.
        """
        rows = xgb.DMatrix(inputs, feature_names=list(self.names), nthread=1)
        rows.set_info(base_margin=np.zeros(len(inputs)))
        activity, value = (
            np.asarray(booster.predict(rows, pred_contribs=True, approx_contribs=not exact), dtype=np.float64)
            for booster in (self.activity, self.value)
        )
        return activity, value

    def use_one_thread(self) -> None:
        """Predict in the calling thread alone: a few rows are not worth more."""
        for booster in (self.activity, self.value):
            booster.set_param({"nthread": 1})

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
    def load(cls, folder: Path, names: tuple[str, ...], unit: float, pool: Pool) -> TwoPartModel:
        """Read what `save` wrote; raises ValueError where the boosters were trained on other inputs than `names`."""
        activity, value = xgb.Booster(), xgb.Booster()
        activity.load_model(folder / ACTIVITY_FILE)
        value.load_model(folder / VALUE_FILE)
        for booster in (activity, value):
            if tuple(booster.feature_names or ()) != names:
                raise ValueError(f"{folder}: the boosters' inputs are not those named in the JSON beside them")
        return cls(names, unit, activity, pool, value)


def _groups(customers: int) -> list[list[int]]:
    """The horizon months, as many at once as few rows need; a row's forecast is the same with whatever others."""
    together = min(max(_ROWS_AT_ONCE // customers, 1), HORIZON_MONTHS)
    return [list(range(HORIZON_MONTHS))[first : first + together] for first in range(0, HORIZON_MONTHS, together)]


def _logit(p: Floats) -> Floats:
    return np.asarray(np.log(p / (1.0 - p)))
