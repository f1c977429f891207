"""Boosters of the first months taken together: one of P(at least one order), two of the net value of all of them.

The value boosters are fitted to the money of all customers rather than to buyers alone: one by Poisson loss, which
balances forecast and actual money, one by Tweedie loss, which large orders move less. Their geometric mean is scaled to
the money of the training rows. All start from the base models and learn corrections: a customer outside the range of
the training data keeps its own level. How many months are taken together is an input, so that what a short while
teaches of the newest snapshots helps with a long one, which only older ones have seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from jobs.forecasting.training_rows import SPANS, Rows

ACTIVITY_FILE = "activity.ubj"
VALUE_LOSSES: Mapping[str, Mapping[str, str | float]] = {
    "poisson": {"objective": "count:poisson", "max_delta_step": 0.0},
    "tweedie": {"objective": "reg:tweedie", "tweedie_variance_power": 1.5},
}
"""Of the value boosters, which are saved under these names."""

_MOST_TIMES = 1_000.0
"""The mean month of a row counts at most so many times what was expected of it, or what an active month brings: trees
diverge on more."""

_MOST_BALANCE = 1.25
"""What boosters of few rows have not learned of the money is not spread over everybody."""

_LEAST_P = 1e-6
_LEAST_SHARE = 0.1
_ROWS_AT_ONCE = 12_000
"""Each call of XGBoost costs as much as some hundred rows."""


@dataclass(frozen=True)
class TwoPartModel:
    """The boosters.

    Attributes:
        names: their inputs, in order.
        unit: the amount of money that is one unit of the value boosters.
        balance: factor on their geometric mean that makes it the money of the training rows.
        activity: P(active).
        value: net value of the mean month, in units; one booster for each loss of `VALUE_LOSSES`.
    """

    names: tuple[str, ...]
    unit: float
    balance: float
    activity: xgb.Booster
    value: tuple[xgb.Booster, ...]

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
        leaves = {"min_child_weight": params.value_leaf, "lambda": params.value_l2}
        a_month = unit * rows.months
        base = np.exp(rows.log_base) / a_month
        label = np.clip(rows.value / a_month, 0.0, _MOST_TIMES * np.maximum(base, 1.0))
        data.set_info(label=label, base_margin=rows.log_base - np.log(a_month))
        value = tuple(xgb.train({**common, **leaves, **loss}, data, params.rounds) for loss in VALUE_LOSSES.values())
        forecast = _geometric_mean([booster.predict(data) for booster in value])
        balance = np.clip((label * a_month).sum() / (forecast * a_month).sum(), 1.0 / _MOST_BALANCE, _MOST_BALANCE)
        return cls(names, unit, float(balance), activity_booster, value)

    def predict(self, history: History, weight: float) -> tuple[Floats, Floats]:
        """P(active) up to each horizon month, and net value of each.

        P(active) is the booster's; the net value is the weighted geometric mean of BTYD's and the boosted.

        Args:
            history: customers who bought.
            weight: of the boosted value, 0 to 1.
        """
        ahead = [history.first(h) for h in range(1, HORIZON_MONTHS + 1)]
        p, value = np.zeros((2, len(history.values), len(SPANS)))
        own = history.inputs()
        for columns in _groups(len(own)):
            spans = [ahead[SPANS[column] - 1] for column in columns]
            boosted = self.boosted(
                np.concatenate([np.concatenate([own, first.inputs], axis=1) for first in spans]),
                np.concatenate([first.log_value for first in spans]),
                np.concatenate([first.p for first in spans]),
                np.repeat([float(SPANS[column]) for column in columns], len(own)),
            )
            for found, made in zip((p, value), boosted, strict=True):
                found[:, columns] = made.reshape(len(spans), len(own)).T
        start = np.stack([weight * first.log_value + (1.0 - weight) * first.log_btyd for first in ahead], axis=1)
        base = np.stack([ahead[span - 1].log_value for span in SPANS], axis=1)
        corrections = np.exp(weight * (np.log(value) - base))
        return _up_to_each(p), _of_each(corrections, np.exp(start))

    def boosted(
        self, inputs: NDArray[np.float32], log_base: Floats, p_base: Floats, months: Floats
    ) -> tuple[Floats, Floats]:
        """P(active) and net value of rows; the arguments are those of `Rows`."""
        rows = xgb.DMatrix(inputs, feature_names=list(self.names), nthread=1)
        rows.set_info(base_margin=_logit(p_base))
        p = np.asarray(self.activity.predict(rows), dtype=np.float64)
        a_month = self.unit * months
        rows.set_info(base_margin=log_base - np.log(a_month))
        value = _geometric_mean([booster.predict(rows) for booster in self.value]) * self.balance * a_month
        return np.clip(p, _LEAST_P, 1.0 - _LEAST_P), value

    def contributions(self, inputs: NDArray[np.float32], *, exact: bool) -> Floats:
        """What each input adds to the logarithm of the value; one row a customer.

        The last column is the boosters' mean correction. A row's sum is the logarithm of the value, less the start's.

        Args:
            inputs: as in `Rows`.
            exact: SHAP values; otherwise, and far faster, each split's change of the mean along the row's path.
        """
        rows = xgb.DMatrix(inputs, feature_names=list(self.names), nthread=1)
        rows.set_info(base_margin=np.zeros(len(inputs)))
        each = [booster.predict(rows, pred_contribs=True, approx_contribs=not exact) for booster in self.value]
        contributions: Floats = np.mean(np.asarray(each, dtype=np.float64), axis=0)
        contributions[:, -1] += np.log(self.balance)
        return contributions

    def use_one_thread(self) -> None:
        """Predict in the calling thread alone: a few rows are not worth more."""
        for booster in (self.activity, *self.value):
            booster.set_param({"nthread": 1})

    def importance(self) -> dict[str, float]:
        """Each input's share of the gain, the boosters taken together."""
        shares: dict[str, float] = dict.fromkeys(self.names, 0.0)
        for booster in (self.activity, *self.value):
            gains: dict[str, Any] = dict(booster.get_score(importance_type="total_gain"))
            for name, gain in gains.items():
                shares[name] += float(gain) / sum(gains.values()) / (1 + len(self.value))
        return shares

    def save(self, folder: Path) -> None:
        """Write the boosters in XGBoost's own format."""
        self.activity.save_model(folder / ACTIVITY_FILE)
        for loss, booster in zip(VALUE_LOSSES, self.value, strict=True):
            booster.save_model(folder / _value_file(loss))

    @classmethod
    def load(cls, folder: Path, names: tuple[str, ...], unit: float, balance: float) -> TwoPartModel:
        """Read what `save` wrote; raises ValueError where the boosters were trained on other inputs than `names`."""
        activity, *value = (
            _read(folder / file, names) for file in (ACTIVITY_FILE, *(_value_file(loss) for loss in VALUE_LOSSES))
        )
        return cls(names, unit, balance, activity, tuple(value))


def _value_file(loss: str) -> str:
    return f"value_{loss}.ubj"


def _read(file: Path, names: tuple[str, ...]) -> xgb.Booster:
    booster = xgb.Booster()
    booster.load_model(file)
    if tuple(booster.feature_names or ()) != names:
        raise ValueError(f"{file}: the booster's inputs are not those named in the JSON beside it")
    return booster


def _geometric_mean(figures: Sequence[NDArray[np.float32]]) -> Floats:
    return np.asarray(np.exp(np.mean(np.log(np.asarray(figures, dtype=np.float64)), axis=0)))


def _up_to_each(p: Floats) -> Floats:
    """P(active) up to each month: a constant hazard between the spans, which never falls."""
    hazard = np.maximum.accumulate(-np.log1p(-p), axis=1)
    start = np.zeros((len(p), 1))
    return np.asarray(-np.expm1(-_between((0, *SPANS), np.concatenate([start, hazard], axis=1))))


def _of_each(corrections: Floats, base: Floats) -> Floats:
    """Net value month by month; the correction changes evenly from span to span.

    A month brings at least a share of what the base models expect of it; the months are scaled to the year's forecast.

    Args:
        corrections: factor on the base models' forecast of each span, one row a customer.
        base: the forecast of the first 1, 2, ... months without a correction.
    """
    total = base * _between(SPANS, corrections)
    year = total[:, -1:]
    months = np.diff(total, axis=1, prepend=0.0)
    months = np.maximum(months, _LEAST_SHARE * np.diff(base, axis=1, prepend=0.0) * year / base[:, -1:])
    return np.asarray(months * year / np.cumsum(months, axis=1)[:, -1:])


def _between(known: Sequence[int], figures: Floats) -> Floats:
    """Figures of the months 1, 2, ..., in a straight line between those of the `known` months."""
    columns = []
    for month in range(1, HORIZON_MONTHS + 1):
        after = next(position for position, span in enumerate(known) if span >= month)
        before = max(after - 1, 0)
        share = (month - known[before]) / max(known[after] - known[before], 1)
        columns.append((1.0 - share) * figures[:, before] + share * figures[:, after])
    return np.stack(columns, axis=1)


def _groups(customers: int) -> list[list[int]]:
    """The spans, as many at once as few rows need; a row's forecast is the same with whatever others."""
    if not customers:
        return []
    together = min(max(_ROWS_AT_ONCE // customers, 1), len(SPANS))
    return [list(range(len(SPANS)))[first : first + together] for first in range(0, len(SPANS), together)]


def _logit(p: Floats) -> Floats:
    return np.asarray(np.log(p / (1.0 - p)))
