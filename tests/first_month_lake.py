"""A lake with all months of the small made-up shop of `tests/forecasting/first_month/shop.py`."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache

import pandas as pd

from jobs.core.month import Month
from jobs.forecasting.first_month.days import first_orders
from jobs.forecasting.fit import fit
from jobs.forecasting.forecaster import Forecaster
from jobs.lake.arrow import write_period
from jobs.lake.lake import Lake
from jobs.lake.tables import CUSTOMERS, DAILY
from jobs.models.model_version import Training, TrainingInputs
from jobs.models.registry import Registry
from tests.forecasting.first_month.shop import OPENED, daily, profiles
from tests.snapshots import QUICK, TABLE, model_frames, simulated_snapshots, write_snapshots

MONTHS = 24
AS_OF = OPENED.plus(MONTHS).first_day
STANDARD_FRAMES = model_frames(simulated_snapshots(months=8))
DAYS, LISTS = daily(600, MONTHS), profiles(600, MONTHS)


def write_shop(lake: Lake, until: Month) -> None:
    """Write the months before `until`, and what was known of first orders at the end of each."""
    for month in OPENED.through(until.plus(-1)):
        write_period(days_in(month), lake, DAILY, month, {})
        write_period(LISTS[LISTS["as_of"] == pd.Timestamp(month.as_of)], lake, CUSTOMERS, month, {})
        write_snapshots(lake, {month.as_of: snapshot(month.as_of)})


@cache
def standard() -> Forecaster:
    """A standard model, of another shop."""
    return fit(STANDARD_FRAMES, as_of=max(STANDARD_FRAMES), params=QUICK)


def standard_version(registry: Registry) -> int:
    """It as a version."""
    newest = max(STANDARD_FRAMES)
    example = STANDARD_FRAMES[newest].head(2)
    training = Training(forecaster=standard(), backtest=None, params={}, metrics={}, figures={}, example=example)
    made_by = dict.fromkeys(("input_fingerprint", "params_fingerprint", "code_fingerprint", "libraries"), "")
    return registry.register(training, TrainingInputs(as_of=str(newest), **made_by))


def days_in(month: Month, days: pd.DataFrame = DAYS) -> pd.DataFrame:
    """The rows of a month, as the daily table holds them."""
    on = days["ordered_on"]
    rows = days[(on >= pd.Timestamp(month.first_day)) & (on < pd.Timestamp(month.as_of))]
    counts = [column.name for column in DAILY.columns if column.type == "bigint"]
    money = [column.name for column in DAILY.columns if column.type.startswith("decimal")]
    exact = {name: rows[name].map(lambda value: Decimal(str(value))).astype(object) for name in money}
    return rows.astype(dict.fromkeys(counts, "int64")).assign(ordered_on=rows["ordered_on"].dt.date, **exact)


def snapshot(as_of: date) -> pd.DataFrame:
    """The customers who had ordered, and when first; as if they had not ordered again."""
    first = first_orders(DAYS, as_of)
    frame = pd.DataFrame({name: [None] * len(first) for name in TABLE.names})
    on, days = first.dt.date.to_numpy(), (pd.Timestamp(as_of) - first).dt.days.to_numpy(dtype="float64")
    frame = frame.assign(customer_id=first.index.to_numpy(), first_ordered_on=on, last_ordered_on=on)
    return frame.assign(tenure_days=days, recency_days=days, orders_lifetime=1, order_days_lifetime=1)
