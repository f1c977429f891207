"""Build the daily months and the feature snapshots that are missing or stale, in one pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.core.month import Month, previous_as_of
from jobs.features import leak_check
from jobs.features.assemble import build_snapshots
from jobs.features.daily import daily
from jobs.features.histories import FrameInputs
from jobs.features.population import accounts_of, lines_of, list_read
from jobs.features.staleness import SnapshotInputs, daily_inputs, months_until, snapshot_inputs
from jobs.features.table import features
from jobs.lake.frames import read_periods, write_periods
from jobs.lake.lake import Lake
from jobs.lake.tables import CUSTOMERS, DAILY, SESSIONS, TRANSACTIONS
from jobs.lake.versions import Period, Record

_DAYS_PER_PARTITION = 500_000
"""Rows of the daily table that a Python worker holds in memory at a time."""


def build_daily(
    spark: SparkSession, lake: Lake, *, as_of: date, is_forced: bool = False, customers_where: str | None = None
) -> dict[Period, Record]:
    """Write the daily months before `as_of` that are missing or stale; all of them if forced.

    Raises:
        IncompleteError: the transactions of a month are missing.
        PopulationError: `customers_where` is no predicate over customers.
    """
    inputs: dict[Period, dict[str, str]] = {
        month: daily_inputs(lake, month, customers_where) for month in months_until(lake, as_of)
    }
    stale = {
        month: fingerprints
        for month, fingerprints in inputs.items()
        if is_forced or not lake.is_current(DAILY, month, fingerprints)
    }
    if not stale:
        return {}
    lines = lines_that_count(spark, lake, [Month.parse(str(month)) for month in stale], customers_where)
    return write_periods(daily(lines), lake, DAILY, stale)


def lines_that_count(
    spark: SparkSession, lake: Lake, months: Sequence[Month], customers_where: str | None
) -> DataFrame:
    """The order lines of some months, with their `month`, whose customers are in the population."""
    lines = read_periods(spark, lake, TRANSACTIONS, months)
    if customers_where is None:
        return lines
    lists = [Month.parse(period) for period in lake.periods(CUSTOMERS)]
    read = sorted({listed for month in months if (listed := list_read(month, lists)) is not None})
    return lines_of(lines, read_periods(spark, lake, CUSTOMERS, read), months, lists, customers_where)


def build_features(
    spark: SparkSession,
    lake: Lake,
    departments: Sequence[str],
    *,
    as_of: date,
    is_forced: bool = False,
    customers_where: str | None = None,
) -> dict[Period, Record]:
    """Write the snapshots up to `as_of` that are missing or stale, from the daily table and the previous snapshot.

    All of them are written if forced.

    Raises:
        IncompleteError: a daily month is missing.
    """
    table = features(departments)
    snapshots = snapshot_inputs(lake, departments, until=as_of, customers_where=customers_where)
    stale = [
        snapshot
        for snapshot in snapshots
        if is_forced or not lake.is_current(table, snapshot.as_of, snapshot.fingerprints)
    ]
    if not stale:
        return {}
    first, last = stale[0].as_of, stale[-1].as_of
    span = [snapshot for snapshot in snapshots if first <= snapshot.as_of <= last]
    inputs = _read(spark, lake, departments, span, customers_where, is_first=span[0] is snapshots[0])
    frame = build_snapshots(inputs, first=first, last=last, departments=departments)
    stale_rows = frame.where(F.col("as_of").isin([str(snapshot.as_of) for snapshot in stale]))
    return write_periods(stale_rows, lake, table, {snapshot.as_of: snapshot.fingerprints for snapshot in stale})


def _read(
    spark: SparkSession,
    lake: Lake,
    departments: Sequence[str],
    span: Sequence[SnapshotInputs],
    customers_where: str | None,
    *,
    is_first: bool,
) -> FrameInputs:
    """The frames from which consecutive snapshots are built."""
    lists = sorted({snapshot.customers for snapshot in span if snapshot.customers is not None})
    before = [] if is_first else [previous_as_of(span[0].as_of)]
    months = _months(snapshot.daily for snapshot in span)
    days = sum(lake.record(DAILY, month).rows for month in months)
    return FrameInputs(
        daily=read_periods(spark, lake, DAILY, months),
        previous=read_periods(spark, lake, features(departments), before),
        customers=accounts_of(read_periods(spark, lake, CUSTOMERS, lists), customers_where),
        sessions=read_periods(spark, lake, SESSIONS, _months(snapshot.sessions for snapshot in span)),
        lists=lists,
        snapshots_with_sessions=[snapshot.as_of for snapshot in span if snapshot.has_sessions],
        partitions=max(spark.sparkContext.defaultParallelism, days // _DAYS_PER_PARTITION + 1),
    )


def _months(months_of_snapshots: Iterable[Sequence[Month]]) -> list[Month]:
    return sorted({month for months in months_of_snapshots for month in months})


def check_for_leaks(
    spark: SparkSession, lake: Lake, departments: Sequence[str], *, as_of: date, customers_where: str | None = None
) -> None:
    """Run the leak check on the snapshot before the newest one, if there is one.

    The later month is the data month; its customer list is the newest in the lake, whatever month that one is of.

    Raises:
        FeatureLeakError: the snapshot changes with data from after its `as_of`.
    """
    snapshots = snapshot_inputs(lake, departments, until=as_of, customers_where=customers_where)
    if len(snapshots) < 2:
        return
    snapshot, month = snapshots[-2], Month.before(as_of)
    inputs = _read(spark, lake, departments, [snapshot], customers_where, is_first=snapshot is snapshots[0])
    newest = lake.newest(CUSTOMERS, month)
    customers = read_periods(spark, lake, CUSTOMERS, [] if newest is None else [newest])
    since = leak_check.LaterMonth(
        month=month,
        daily=read_periods(spark, lake, DAILY, [month]),
        customers=accounts_of(customers, customers_where),
        sessions=read_periods(spark, lake, SESSIONS, [month] if lake.is_complete(SESSIONS, month) else []),
    )
    leak_check.check(inputs, since, as_of=snapshot.as_of, departments=departments)
