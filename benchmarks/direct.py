"""Models that learn the sum of the months at once, on all inputs, from the newest snapshots whose outcome is known."""

from __future__ import annotations

import numpy as np
import xgboost as xgb
from sklearn.ensemble import RandomForestRegressor

from benchmarks.forecast import CannotFitError, Forecast, timed
from benchmarks.random_forest import unfitted
from benchmarks.shop import Problem
from benchmarks.ziln import Ziln

SEED, THREADS = 14, 2
TREES = {"learning_rate": 0.05, "n_estimators": 150, "max_depth": 4, "min_child_weight": 5.0, "reg_lambda": 5.0}
TREES |= {"subsample": 0.7, "colsample_bytree": 0.6, "n_jobs": THREADS, "random_state": SEED}


def two_part_gbm(problem: Problem) -> Forecast:
    """P(net value above zero) × mean net value where it is, each by boosted trees."""

    def fit() -> tuple[xgb.XGBClassifier, xgb.XGBRegressor]:
        known = problem.matured
        bought = known.value > 0.0
        if bought.sum() < 2 or bought.all():
            raise CannotFitError(f"{bought.sum()} of {len(bought)} customers bought: nothing to tell apart")
        amount = xgb.XGBRegressor(objective="reg:gamma", **TREES)
        return (
            xgb.XGBClassifier(**TREES).fit(known.inputs, bought),
            amount.fit(known.inputs[bought], known.value[bought]),
        )

    def score(models: tuple[xgb.XGBClassifier, xgb.XGBRegressor]) -> Forecast:
        p = models[0].predict_proba(problem.customers)[:, 1].astype(np.float64)
        return Forecast(p * models[1].predict(problem.customers), p_active=p)

    return timed(fit, score)


def tweedie_gbm(problem: Problem) -> Forecast:
    """Boosted trees on net value, zeros included (Tweedie loss)."""

    def fit() -> xgb.XGBRegressor:
        known = problem.matured
        model = xgb.XGBRegressor(objective="reg:tweedie", tweedie_variance_power=1.5, **TREES)
        return model.fit(known.inputs, np.maximum(known.value, 0.0))

    return timed(fit, lambda model: Forecast(model.predict(problem.customers).astype(np.float64)))


def ziln(problem: Problem) -> Forecast:
    """Zero-inflated lognormal regression; see `ziln.py`."""

    def score(model: Ziln) -> Forecast:
        value, p = model.predict(problem.customers)
        return Forecast(value, p_active=p)

    return timed(lambda: Ziln.fit(problem.matured.inputs, problem.matured.value, threads=THREADS, seed=SEED), score)


def random_forest(problem: Problem) -> Forecast:
    """A Random Forest on net value."""

    def fit() -> RandomForestRegressor:
        known = problem.matured
        forest = unfitted(len(known.value), threads=THREADS, seed=SEED)
        return forest.fit(np.nan_to_num(known.inputs, nan=-1.0), known.value)

    return timed(fit, lambda forest: Forecast(forest.predict(np.nan_to_num(problem.customers, nan=-1.0))))
