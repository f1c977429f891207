"""Fit one buy-till-you-die model with `lifetimes` and write what it expects of each customer.

    python btyd_worker.py bg_nbd bought.csv expected.csv 2011-05-31 183

Days with an order are the purchases; their values, the first one's too, feed the Gamma-Gamma model, so that customers
with a single purchase differ. Imports nothing of the project. Stdout is a JSON object with the seconds it took.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from typing import Any

import lifetimes
import numpy as np
import pandas as pd
from lifetimes.utils import ConvergenceError, summary_data_from_transaction_data
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_DAYS_PER_WEEK = 7.0
_SEED = 1
_PENALIZERS = (0.0, 0.001, 0.01, 0.1)
"""Tried in turn until a likelihood has an optimum."""


def main() -> None:
    """Fit, forecast, write."""
    model, bought, expected, last_day, ahead = sys.argv[1:]
    warnings.simplefilter("ignore")
    np.random.seed(_SEED)  # the library draws where its search starts
    days = pd.read_csv(bought, dtype={"customer_id": str}, parse_dates=["ordered_on"], keep_default_na=False)
    started = time.perf_counter()
    history = summary_data_from_transaction_data(
        days, "customer_id", "ordered_on", "net_value", observation_period_end=last_day, include_first_transaction=True
    )
    purchases, spent = history["frequency"].to_numpy(float), history["monetary_value"].to_numpy(float)
    frequency = purchases - 1.0
    recency, age = (history[name].to_numpy(float) / _DAYS_PER_WEEK for name in ("recency", "T"))
    fitter = {"bg_nbd": lifetimes.BetaGeoFitter, "pareto_nbd": lifetimes.ParetoNBDFitter}[model]
    orders = _fitted(fitter, frequency, recency, age)
    money = _fitted(lifetimes.GammaGammaFitter, purchases, spent)
    fitted = time.perf_counter()
    weeks = float(ahead) / _DAYS_PER_WEEK
    count = orders.conditional_expected_number_of_purchases_up_to_time(weeks, frequency, recency, age)
    value = count * money.conditional_expected_average_profit(purchases, spent)
    p_active = (_bg_nbd_active if model == "bg_nbd" else _pareto_nbd_active)(orders, weeks, frequency, recency, age)
    result = pd.DataFrame({"customer_id": history.index, "value": value, "p_active": p_active})
    if not np.isfinite(result[["value", "p_active"]].to_numpy()).all():
        sys.exit(f"{(~np.isfinite(result['value'])).sum()} of {len(result)} forecasts are not finite")
    result.to_csv(expected, index=False)
    sys.stdout.write(json.dumps({"fit_s": fitted - started, "score_s": time.perf_counter() - fitted}))


def _fitted(fitter: type[Any], *history: Floats) -> Any:
    for penalizer in _PENALIZERS:
        try:
            return fitter(penalizer_coef=penalizer).fit(*history)
        except (ConvergenceError, ValueError) as error:
            reason = error
    sys.exit(f"{fitter.__name__} does not converge with any penalizer of {_PENALIZERS}: {reason}")


def _bg_nbd_active(orders: Any, weeks: float, frequency: Floats, recency: Floats, age: Floats) -> Floats:
    """1 - P(no order): a customer who is alive leaves only after an order, so only his rate counts."""
    alive = orders.conditional_probability_alive(frequency, recency, age)
    r, alpha = orders.params_["r"], orders.params_["alpha"]
    return np.asarray(alive * (1.0 - ((alpha + age) / (alpha + age + weeks)) ** (r + frequency)))


def _pareto_nbd_active(orders: Any, weeks: float, frequency: Floats, recency: Floats, age: Floats) -> Floats:
    return np.asarray(1.0 - orders.conditional_probability_of_n_purchases_up_to_time(0, weeks, frequency, recency, age))


if __name__ == "__main__":
    main()
