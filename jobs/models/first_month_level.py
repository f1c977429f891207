"""The level of the forecasts on day 30, by the standard model where few twelve months have matured.

What a new customer brings in a year is learned from few customers at first, who came in one season. The standard model
learns its level from everybody's months. What it says of the newest new customers, from the snapshot before their
day 30, gives all forecasts their level; it fades as customers mature. It has no effect on their ranking.
"""

from __future__ import annotations

import logging
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jobs.core.month import Month
from jobs.forecasting.first_month.days import completed_between, first_orders
from jobs.forecasting.first_month.features import first_month_features
from jobs.lake.arrow import read_rows
from jobs.lake.lake import Lake
from jobs.lake.tables import FORECAST_MONTHS, FORECASTS, Table
from jobs.models.first_month_data import NewCustomers, completed_in
from jobs.models.model_version import unpack
from jobs.models.registry import Registry
from jobs.models.training_data import read_snapshot

if TYPE_CHECKING:
    from jobs.forecasting.first_month.forecaster import FirstMonthForecaster
    from jobs.forecasting.forecaster import Forecaster
    from jobs.models.first_month import FirstMonthModels

log = logging.getLogger(__name__)

COHORTS = 3
"""How many months of new customers tell the level."""
_MATURED = 1000.0
"""Customers whose twelve months are over that weigh as much as the standard model."""
_FEW = 10.0
"""So many new customers tell half of what many do."""
_MOST = 20_000
"""The most new customers that are read, a fixed sample of them."""


def level_of(models: FirstMonthModels, own: FirstMonthForecaster, as_of: date) -> float:
    """The level by the version that made the standard forecasts of `as_of`.

    Raises:
        IncompleteError: the snapshot, a month or the standard forecasts of `as_of` are not in the lake.
    """
    lake, table = models.lake, models.table
    [number] = read_rows(lake, FORECASTS, [as_of], ["model_version"])["model_version"].unique().to_pylist()
    standard = unpack(Registry(models.registry.tracking_uri, models.registry.database).fetch(number))
    known = completed_in(lake, table, as_of, COHORTS, _MOST)
    level = standard_level(own, standard, lake, table, known, as_of)
    log.info("Forecasts on day 30 x %.3f: the level by version %s of the standard model", level, number)
    return level


def snapshots_of(lake: Lake, table: Table, as_of: date) -> dict[str, str]:
    """The fingerprints of the snapshots that `level_of` reads."""
    days = [Month.of(as_of).plus(-back).first_day for back in range(1, COHORTS + 1)]
    return {f"{table.name} {day}": lake.record(table, day).fingerprint for day in days if lake.is_complete(table, day)}


def standard_level(
    own: FirstMonthForecaster, standard: Forecaster, lake: Lake, table: Table, known: NewCustomers, as_of: date
) -> float:
    """The factor on the forecasts of `own`.

    Args:
        own: the forecaster on day 30.
        standard: that of the snapshots.
        lake: the lake.
        table: its features table.
        known: who completed the first month in the last `COHORTS` months; more do not matter.
        as_of: the first day after these months.
    """
    first_ordered_on = first_orders(known.daily, as_of)
    theirs = ours = customers = 0.0
    for back in range(COHORTS):
        month = Month.before(as_of).plus(-back)
        first = completed_between(first_ordered_on, month.first_day, month.as_of)
        first = first[first < pd.Timestamp(month.first_day)]
        if first.empty or not lake.is_complete(table, month.first_day):
            continue
        snapshot = read_snapshot(lake, table, month.first_day, first.index.tolist())
        monthly = standard.predict(snapshot, as_of=month.first_day).set_index("customer_id")[list(FORECAST_MONTHS)]
        value = own.model.expect(first_month_features(known.daily, known.profiles, first)).value
        theirs += float(monthly.to_numpy(dtype=np.float64).sum())
        ours, customers = ours + float(value.sum()), customers + len(first)
    if theirs <= 0.0 or ours <= 0.0:
        return 1.0
    weight = _MATURED / (_MATURED + own.matured) * customers / (customers + _FEW)
    return float((theirs / ours) ** weight)
