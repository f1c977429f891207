"""From a shop's delivered files to what is known at an origin, and to the outcome after it.

The files go through the steps of a monthly run: `jobs.ingest`, then `jobs.build_features`, into a lake of their own.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark.sql import SparkSession

from benchmarks.inputs import Inputs, Matured
from jobs.cleaning.ingestion import ingest
from jobs.core.month import HORIZON_MONTHS, Month
from jobs.features.build import build_daily, build_features
from jobs.features.table import features
from jobs.forecasting.encoder import Floats
from jobs.forecasting.outcomes import Snapshots
from jobs.forecasting.params import ModelParams
from jobs.lake.arrow import read_rows
from jobs.lake.lake import Lake
from jobs.lake.tables import ALL_DEPARTMENTS, DAILY, Table
from jobs.landing.cache import Kept
from jobs.landing.deliveries import TABLES, dated, deliveries, keep_lists
from jobs.landing.layouts import Delivery, MonthFolders
from jobs.models.training_data import read_history
from jobs.sources.mapping import Source

_DAY_COLUMNS = ("customer_id", "ordered_on", "net_value", "orders")

NO_CURRENCY = "XXX"
"""By ISO 4217; nothing depends on it."""

_USUAL_GAPS = 0.99
"""A file may stop short of a month's end by as many days as this share of its gaps between days with orders."""


class NotMaturedError(ValueError):
    """The months asked for have not been delivered in full, or there is no history before them."""


@dataclass(frozen=True, order=True)
class Origin:
    """A day to forecast from, and how many calendar months."""

    month: Month
    months: int = HORIZON_MONTHS

    @property
    def day(self) -> date:
        """The forecast's as_of."""
        return self.month.first_day

    @property
    def end(self) -> Month:
        """The first month that is not forecast."""
        return self.month.plus(self.months)


@dataclass(frozen=True)
class Outcome:
    """What customers did in the months forecast.

    Attributes:
        value: net value.
        active: whether they ordered.
    """

    value: Floats
    active: NDArray[np.bool_]

    def take(self, rows: NDArray[np.intp]) -> Outcome:
        """Of some customers, those drawn twice counting twice."""
        return Outcome(self.value[rows], self.active[rows])


@dataclass(frozen=True)
class Problem:
    """All that may be known at an origin; nothing in it happened on that day or later.

    Attributes:
        origin: the first day to forecast.
        months: calendar months to forecast.
        snapshot: the customers to forecast, sorted by id, with the model's columns.
        history: every snapshot up to the origin: of the customers that production would train on.
        days: customer, day, net value and orders of every day with a transaction.
    """

    origin: date
    months: int
    snapshot: pd.DataFrame
    history: Snapshots
    days: pd.DataFrame

    @property
    def ids(self) -> pd.Index:
        """The customers to forecast."""
        ids: pd.Index = pd.Index(self.snapshot["customer_id"])
        return ids

    @cached_property
    def inputs(self) -> Inputs:
        """What direct models may read of customers."""
        return Inputs.of(self.history, self.origin)

    @cached_property
    def customers(self) -> NDArray[np.float32]:
        """The inputs of the customers to forecast, one row each."""
        return self.inputs.customers(self.snapshot, self.origin, self.months)

    @cached_property
    def matured(self) -> Matured:
        """Earlier customers whose outcome is known; raises NothingMaturedError if there are none."""
        return self.inputs.matured(self.months)


@dataclass(frozen=True)
class Shop:
    """A shop in its lake.

    Attributes:
        lake: with the daily grain up to the last month of an outcome, and snapshots up to the last origin.
        table: the snapshots' table.
        first: the first month with data.
        days: as in `Problem`, up to the last outcome.
    """

    lake: Lake
    table: Table
    first: Month
    days: pd.DataFrame

    def problem(self, origin: Origin) -> Problem:
        """What may be known at an origin."""
        day = origin.day
        periods = [month.as_of for month in self.first.through(Month.before(day))]
        customers = read_history(self.lake, self.table, sys.maxsize, [day])[day]
        return Problem(
            origin=day,
            months=origin.months,
            snapshot=customers.sort_values("customer_id", kind="stable", ignore_index=True),
            history=read_history(self.lake, self.table, ModelParams().max_customers, periods),
            days=self.days[self.days["ordered_on"] < pd.Timestamp(day)].reset_index(drop=True),
        )

    def outcome(self, problem: Problem) -> Outcome:
        """What the customers of a problem did."""
        return outcome(self.days, problem.ids, problem.origin, problem.months)


def shop(spark: SparkSession, source: Source, landing: Path, lake: Lake, *, origins: Sequence[Origin]) -> Shop:
    """Take a shop's files into a lake, as far as the outcomes of the origins need them.

    Args:
        spark: the session.
        source: the mapping.
        landing: the file or folder the shop delivers to.
        lake: an empty one.
        origins: the forecasts, oldest first.

    Raises:
        NotMaturedError: an origin has no history, or months that it covers have not been delivered in full.
        LandingError: the files cannot be used.
    """
    kept = Kept.in_folder(lake.root)
    delivered = keep_lists(dated(deliveries(source, landing, kept)))
    lines = delivered["transactions"]
    newest = max(origins, key=lambda origin: origin.end)
    last, forecast = newest.end.plus(-1), f"the {newest.months} months from {newest.day} on"
    there = f"the data holds {lines.first} to {lines.months[-1]}"
    if origins[0].month <= lines.first:
        raise NotMaturedError(f"nothing is known before {origins[0].day}: {there}")
    if last > lines.months[-1]:
        raise NotMaturedError(f"{forecast} end with {last}, but {there}")
    for name in (name for name in TABLES if name in delivered):
        until = lines.first.through(last)
        lists = [month for month in delivered[name].months if month <= last]
        ingest(
            spark, source, delivered[name], lake, months=until if delivered[name].has_times else lists, cache=kept.cache
        )
    build_daily(spark, lake, as_of=last.as_of)
    days = _days(lake, lines.first.through(last))
    if last == lines.months[-1] and not _is_whole(lines, last, days):
        raise NotMaturedError(
            f"{forecast} end with {last}, in which the data breaks off on "
            f"{days['ordered_on'].max():%Y-%m-%d}: it holds {lines.first} to {last.plus(-1)} in full"
        )
    build_features(spark, lake, source.departments, as_of=origins[-1].day)
    return Shop(lake, features(source.departments), lines.first, days)


def outcome(days: pd.DataFrame, ids: pd.Index, origin: date, months: int) -> Outcome:
    """What customers did in the calendar months that start on `origin`, one entry an id; zero without orders."""
    end = Month.of(origin).plus(months).first_day
    within = days[(days["ordered_on"] >= pd.Timestamp(origin)) & (days["ordered_on"] < pd.Timestamp(end))]
    done = within.groupby("customer_id")[["net_value", "orders"]].sum().reindex(ids, fill_value=0)
    return Outcome(done["net_value"].to_numpy(dtype=np.float64), done["orders"].to_numpy() > 0)


def _days(lake: Lake, months: Sequence[Month]) -> pd.DataFrame:
    """The daily grain over all departments, sorted."""
    whole = pc.field("department") == ALL_DEPARTMENTS
    days = read_rows(lake, DAILY, months, _DAY_COLUMNS, whole).to_pandas()
    days = days.astype({"net_value": "float64", "ordered_on": "datetime64[ns]"})
    ordered: pd.DataFrame = days.sort_values(["customer_id", "ordered_on"], kind="stable", ignore_index=True)
    return ordered


def _is_whole(lines: Delivery, month: Month, days: pd.DataFrame) -> bool:
    """Whether the newest delivered month is there to its end: its folder says so, or its file goes on to the end."""
    if isinstance(lines, MonthFolders):
        return True
    there = np.sort(days["ordered_on"].unique())
    usual = np.quantile(np.diff(there) / np.timedelta64(1, "D"), _USUAL_GAPS) if len(there) > 1 else 1.0
    return bool((pd.Timestamp(month.as_of) - there[-1]).days <= max(usual, 1.0))
