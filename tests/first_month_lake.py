"""A lake with all months of the small made-up shop of `tests/forecasting/first_month/shop.py`."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pandas as pd

from jobs.core.month import Month
from jobs.forecasting.first_month.days import first_orders
from jobs.lake.lake import Lake
from jobs.lake.pandas_tables import write_period
from jobs.lake.tables import CUSTOMERS, DAILY
from tests.forecasting.first_month.shop import OPENED, daily, profiles
from tests.snapshots import TABLE, write_snapshots

MONTHS = 24
AS_OF = OPENED.plus(MONTHS).first_day
DAYS, LISTS = daily(600, MONTHS), profiles(600, MONTHS)


def write_shop(lake: Lake, until: Month) -> None:
    """Write the months before `until`, and what was known of first orders at the end of each."""
    for month in OPENED.through(until.plus(-1)):
        write_period(days_in(month), lake, DAILY, month, {})
        write_period(LISTS[LISTS["as_of"] == pd.Timestamp(month.as_of)], lake, CUSTOMERS, month, {})
        write_snapshots(lake, {month.as_of: snapshot(month.as_of)})


def days_in(month: Month, days: pd.DataFrame = DAYS) -> pd.DataFrame:
    """The rows of a month, as the daily table holds them."""
    on = days["ordered_on"]
    rows = days[(on >= pd.Timestamp(month.first_day)) & (on < pd.Timestamp(month.as_of))]
    counts = [column.name for column in DAILY.columns if column.type == "bigint"]
    money = [column.name for column in DAILY.columns if column.type.startswith("decimal")]
    exact = {name: rows[name].map(lambda value: Decimal(str(value))).astype(object) for name in money}
    return rows.astype(dict.fromkeys(counts, "int64")).assign(ordered_on=rows["ordered_on"].dt.date, **exact)


def snapshot(as_of: date) -> pd.DataFrame:
    """The customers who had ordered, and when first."""
    first = first_orders(DAYS, as_of)
    frame = pd.DataFrame({name: [None] * len(first) for name in TABLE.names})
    return frame.assign(customer_id=first.index.to_numpy(), first_ordered_on=first.dt.date.to_numpy())
