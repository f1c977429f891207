"""Boosters of the sum of the first months, which start from our base models: a candidate for the forecaster.

A row is a customer, a snapshot and a number of months: the first 1, 2, 3, 6, 9 or 12 after the snapshot, taken
together, where the last of them is over. Short sums learn from recent snapshots, long ones from older ones; the number
is an input. One booster learns P(active), another the net value (Poisson loss on the mean month). How much of the value
booster's correction is used depends on the length of the history alone.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray
from scipy.special import logit

from benchmarks.forecast import Forecast, timed
from benchmarks.shop import Problem
from jobs.forecasting.base_margin import HORIZON_NAMES, BaseModels
from jobs.forecasting.cold_start import Rates
from jobs.forecasting.encoder import Customers, Floats, InputEncoder
from jobs.forecasting.outcomes import first_month, thinned
from jobs.forecasting.params import ModelParams
from jobs.forecasting.training_rows import Panel

SPANS = (1, 2, 3, 6, 9, 12)
SEED, THREADS, ROUNDS = 14, 2, 150
TREES: dict[str, float | str] = {
    "eta": 0.05,
    "max_depth": 4,
    "min_child_weight": 5.0,
    "lambda": 5.0,
    "subsample": 0.7,
    "max_bin": 128,
}
TREES |= {"colsample_bytree": 0.6, "base_score": 0.5, "tree_method": "hist", "nthread": THREADS, "seed": SEED}

_PRIOR_MONTHS = 6.0
_MOST_ROWS = 200_000
_LEAST_P, _MOST_P = 0.002, 0.995
_YEAR_BEFORE = [HORIZON_NAMES.index(name) for name in ("net_value_year_before", "orders_year_before")]


@dataclass(frozen=True)
class _Rows:
    """Inputs, the logarithm of the base value, the base P(active), and what came; one row a customer and span."""

    inputs: NDArray[np.float32]
    log_base: Floats
    p_base: Floats
    months: Floats
    value: Floats
    active: NDArray[np.bool_]


@dataclass(frozen=True)
class Sums:
    """The fitted boosters, and what they start from."""

    encoder: InputEncoder
    base_models: BaseModels
    newcomers: Rates
    unit: float
    weight: float
    activity: xgb.Booster
    value: xgb.Booster

    @classmethod
    def fit(cls, problem: Problem) -> Sums:
        """Learn from every snapshot of a problem; raises InputError as `InputEncoder` does."""
        encoder = InputEncoder.of(problem.history[problem.origin], first_month(problem.history))
        panel = Panel.of(problem.history, encoder, ModelParams())
        base_models = panel.base_models()
        rows, unit = _rows(panel, base_models), panel.active_value
        activity = xgb.DMatrix(rows.inputs, label=rows.active, base_margin=logit(rows.p_base))
        a_month = unit * rows.months
        value = xgb.DMatrix(
            rows.inputs, label=np.maximum(rows.value, 0.0) / a_month, base_margin=rows.log_base - np.log(a_month)
        )
        return cls(
            encoder=encoder,
            base_models=base_models,
            newcomers=Rates.fit(panel.newcomers(base_models), unit),
            unit=unit,
            weight=len(problem.history) / (len(problem.history) + _PRIOR_MONTHS),
            activity=xgb.train(TREES | {"objective": "binary:logistic"}, activity, ROUNDS),
            value=xgb.train(TREES | {"objective": "count:poisson", "max_delta_step": 0.0}, value, ROUNDS),
        )

    def forecast(self, problem: Problem) -> Forecast:
        """The sum of the months of a problem."""
        customers, months = self.encoder.encode(problem.snapshot, problem.origin), problem.months
        bought = customers.has_bought
        value, p = np.zeros((2, len(customers)))
        chance, money = self.newcomers.of(customers.signup_days[~bought])
        value[~bought] = money[:, :months].sum(axis=1)
        p[~bought] = 1.0 - np.prod(1.0 - chance[:, :months], axis=1)
        inputs, log_base, p_base = _start(self.base_models, customers.take(bought), months)
        data = xgb.DMatrix(inputs, base_margin=logit(p_base))
        p[bought] = self.activity.predict(data)
        data.set_info(base_margin=np.zeros(len(inputs)))
        correction = np.asarray(self.value.predict(data, output_margin=True), dtype=np.float64)
        value[bought] = np.exp(log_base + self.weight * correction)
        return Forecast(value, p_active=p)


def sums(problem: Problem) -> Forecast:
    """Fit, and forecast."""
    return timed(lambda: Sums.fit(problem), lambda model: model.forecast(problem))


def _rows(panel: Panel, base_models: BaseModels) -> _Rows:
    days = list(panel.coded)[panel.burn_in :]
    cells = [(day, span) for day in days for span in SPANS if span in panel.outcomes.matured(day)]
    share = _MOST_ROWS / max(sum(int(panel.coded[day].has_bought.sum()) for day, _ in cells), 1)
    parts = [_part(panel, base_models, day, span, share) for day, span in cells]
    names = [field.name for field in fields(_Rows)]
    return _Rows(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def _part(panel: Panel, base_models: BaseModels, day: date, months: int, share: float) -> _Rows:
    bought = np.flatnonzero(panel.coded[day].has_bought)
    customers = panel.coded[day].take(bought[thinned(len(bought), share, (SEED, day.toordinal(), months))])
    value, orders = panel.outcomes.after(customers.ids, day, range(1, months + 1))
    inputs, log_base, p_base = _start(base_models, customers, months)
    spans = np.full(len(customers), float(months))
    return _Rows(inputs, log_base, p_base, spans, value.sum(axis=1), orders.max(axis=1) > 0)


def _start(base_models: BaseModels, customers: Customers, months: int) -> tuple[NDArray[np.float32], Floats, Floats]:
    """The inputs, the logarithm of the base value and the base P(active) of the first months."""
    history = base_models.history(customers)
    ahead = [history.month(h) for h in range(1, months + 1)]
    logs = np.log(np.sum([np.exp(month.logs) * month.season for month in ahead], axis=0))
    p = np.clip(1.0 - np.prod([1.0 - month.p for month in ahead], axis=0), _LEAST_P, _MOST_P)
    before = np.mean([month.inputs[:, _YEAR_BEFORE] for month in ahead], axis=0)
    own = np.column_stack([np.full(len(customers), float(months)), before, p, logs - np.log(months)])
    return np.concatenate([history.inputs(), own.astype(np.float32)], axis=1), logs.mean(axis=1), p
