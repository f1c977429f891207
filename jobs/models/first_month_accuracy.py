"""How accurate the model of the first month was on customers that it had not seen, beside simple forecasts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd

from jobs.core.code_version import code_fingerprint
from jobs.core.settings import FIRST_MONTH_MODEL
from jobs.forecasting.first_month.holdout import OURS
from jobs.lake.arrow import write_period
from jobs.lake.first_month_tables import FIRST_MONTH_ACCURACY
from jobs.models.first_month import FirstMonthModels
from jobs.models.first_month_data import inputs_of


def write_accuracy(models: FirstMonthModels, number: int | None, *, as_of: date, is_forced: bool = False) -> None:
    """Write `first_month_accuracy/as_of=…`, unless the lake holds it already.

    Args:
        models: the model of the first month.
        number: the version that forecasts the month; None if there is none.
        as_of: first day after the data month.
        is_forced: whether to write what is current, too.

    Raises:
        IncompleteError: the snapshot or a month is not in the lake.
    """
    lake, own = models.lake, {"model": f"{FIRST_MONTH_MODEL}/{number}", "code": code_fingerprint(__name__)}
    inputs = inputs_of(lake, models.table, as_of) | own
    if is_forced or not lake.is_current(FIRST_MONTH_ACCURACY, as_of, inputs):
        write_period(_accuracy(models, number), lake, FIRST_MONTH_ACCURACY, as_of, inputs)


def _accuracy(models: FirstMonthModels, number: int | None) -> pd.DataFrame:
    """A row for each candidate; none if there is no version, or it has no holdout."""
    held_out = None if number is None else models.holdout(models.registry.version(number))
    if held_out is None:
        return pd.DataFrame(columns=FIRST_MONTH_ACCURACY.names)
    forecaster, customers = held_out
    total = float(customers.actual.sum())
    rows = [
        {
            "candidate": candidate,
            "trained_until": customers.origin,
            "customers": len(customers.actual),
            "months": customers.months,
            "actual_total": _cents(total),
            "forecast_total": _cents(metrics.get("total_ratio", np.nan) * total),
            "norm_gini": metrics.get("norm_gini"),
            "decile_mape": metrics.get("decile_mape"),
            "wape": metrics.get("wape"),
            "coverage": metrics.get("coverage80") if candidate == OURS else None,
        }
        for candidate, metrics in customers.metrics(forecaster).items()
    ]
    return pd.DataFrame(rows, columns=FIRST_MONTH_ACCURACY.names)


def _cents(value: float) -> Decimal | None:
    return None if np.isnan(value) else Decimal(round(value * 100)).scaleb(-2)
