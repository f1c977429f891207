"""Read new customers from the lake: what they ordered, day by day, and the customer lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from jobs.core.month import Month
from jobs.forecasting.first_month.days import FIRST_DAYS
from jobs.forecasting.first_month.features import PROFILE
from jobs.forecasting.outcomes import sample_customers
from jobs.lake.arrow import read_rows, with_doubles
from jobs.lake.lake import Lake
from jobs.lake.tables import CUSTOMERS, DAILY, Table

COHORT_MONTHS = 60
"""How many months of new customers a model learns from, so that a training does not cost more the older the shop is."""

_KEYS = ("customer_id", "ordered_on", "department")


@dataclass(frozen=True)
class NewCustomers:
    """What is known of the customers whose first order lies in some months.

    Attributes:
        first: the first month of the data.
        daily: their rows of the daily table, `ordered_on` as datetime64, its numbers as float.
        profiles: the customer lists as `first_month_features` takes them; None if there is none.
    """

    first: Month
    daily: pd.DataFrame
    profiles: pd.DataFrame | None


def learned_from(lake: Lake, table: Table, as_of: date, max_customers: int) -> NewCustomers:
    """The customers that a model as of `as_of` learns from; the same sample of them each time if they are too many.

    Raises:
        IncompleteError: the snapshot as of `as_of`, or a month, is not in the lake.
    """
    earliest = Month.of(as_of).plus(-COHORT_MONTHS).first_day
    return _read(lake, table, as_of, earliest, as_of, max_customers)


def completed_in(
    lake: Lake, table: Table, as_of: date, months: int = 1, max_customers: int | None = None
) -> NewCustomers:
    """The customers who may have completed their first month in the newest data months; a sample if they are too many.

    Raises:
        IncompleteError: the snapshot as of `as_of`, or a month, is not in the lake.
    """
    days, since = timedelta(days=FIRST_DAYS), Month.of(as_of).plus(-months).first_day
    return _read(lake, table, as_of, since - days, as_of - days + timedelta(days=1), max_customers)


def inputs_of(lake: Lake, table: Table, as_of: date) -> dict[str, str]:
    """The fingerprints of everything that `learned_from` reads, by table and period."""
    months = {
        f"{used.name} {month}": (used, month) for used in (DAILY, CUSTOMERS) for month in _months(lake, used, as_of)
    }
    snapshot = {f"{table.name} {as_of}": lake.record(table, as_of).fingerprint}
    return snapshot | {name: lake.record(*period).fingerprint for name, period in months.items()}


def _read(lake: Lake, table: Table, as_of: date, since: date, until: date, max_customers: int | None) -> NewCustomers:
    months = _months(lake, DAILY, as_of)
    first = first_orders_of(lake, table, as_of)
    chosen = first[(first >= pd.Timestamp(since)) & (first < pd.Timestamp(until))].index.tolist()
    if max_customers is not None and len(chosen) > max_customers:
        chosen = sample_customers(chosen, max_customers)
    read = [month for month in months if month.as_of > since]
    return NewCustomers(
        first=months[0],
        daily=days_of(lake, read, chosen),
        profiles=profiles_until(lake, as_of, since, chosen),
    )


def _months(lake: Lake, table: Table, as_of: date) -> list[Month]:
    return [month for month in map(Month.parse, lake.periods(table)) if month.as_of <= as_of]


def first_orders_of(lake: Lake, table: Table, as_of: date) -> pd.Series:
    """Customer → day of the first order, of those who have ordered."""
    rows = read_rows(lake, table, [as_of], ["customer_id", "first_ordered_on"]).to_pandas()
    first: pd.Series = pd.to_datetime(rows.set_index("customer_id")["first_ordered_on"]).dropna()
    return first


def days_of(lake: Lake, months: Sequence[Month], customers: Sequence[str] | None) -> pd.DataFrame:
    """The daily rows of some customers (None: all) in some months, `ordered_on` as datetime64, its numbers as float."""
    rows = read_rows(lake, DAILY, months, where=_chosen(customers))
    numbers = dict.fromkeys((name for name in DAILY.names if name not in _KEYS), "float64")
    typed: pd.DataFrame = with_doubles(rows).to_pandas().astype(numbers | {"ordered_on": "datetime64[ns]"})
    return typed


def profiles_until(lake: Lake, as_of: date, since: date, customers: Sequence[str] | None) -> pd.DataFrame | None:
    """The lists of some customers (None: all) that their day 30 can have seen: the newest before `since`, all later."""
    months = _months(lake, CUSTOMERS, as_of)
    earlier = [month for month in months if month.as_of <= since]
    read = [*earlier[-1:], *(month for month in months if month.as_of > since)]
    if not read:
        return None
    lists = [
        read_rows(lake, CUSTOMERS, [month], ["customer_id", *PROFILE], _chosen(customers))
        .to_pandas()
        .assign(as_of=pd.Timestamp(month.as_of))
        for month in read
    ]
    joined: pd.DataFrame = pd.concat(lists, ignore_index=True)
    return joined


def _chosen(customers: Sequence[str] | None) -> pc.Expression | None:
    return None if customers is None else pc.field("customer_id").isin(pa.array(customers, pa.string()))
