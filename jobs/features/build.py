"""Bring the daily grain and the snapshots up to date: those that are missing or stale are built, in one pass."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.core.month import Month, previous_as_of
from jobs.features import leak_check
from jobs.features.assemble import Inputs, build_snapshots
from jobs.features.daily import daily
from jobs.features.staleness import SnapshotInputs, daily_inputs, months_until, snapshot_inputs
from jobs.features.table import features
from jobs.lake.frames import read_periods, write_periods
from jobs.lake.lake import Lake, Period, Record
from jobs.lake.tables import CUSTOMERS, DAILY, SESSIONS, TRANSACTIONS


def build_daily(spark: SparkSession, lake: Lake, *, as_of: date) -> dict[Period, Record]:
    """Write the daily months before `as_of` that are missing or stale.

    Raises:
        IncompleteError: the transactions of a month are missing.
    """
    inputs: dict[Period, dict[str, str]] = {month: daily_inputs(lake, month) for month in months_until(lake, as_of)}
    stale = {month: made_from for month, made_from in inputs.items() if not lake.is_current(DAILY, month, made_from)}
    if not stale:
        return {}
    lines = read_periods(spark, lake, TRANSACTIONS, list(stale))
    return write_periods(daily(lines), lake, DAILY, stale)


def build_features(spark: SparkSession, lake: Lake, departments: Sequence[str], *, as_of: date) -> dict[Period, Record]:
    """Write the snapshots up to `as_of` that are missing or stale, from the daily grain and the one before the first.

    Raises:
        IncompleteError: a daily month is missing.
    """
    table = features(departments)
    snapshots = snapshot_inputs(lake, departments, until=as_of)
    stale = [one for one in snapshots if not lake.is_current(table, one.as_of, one.fingerprints)]
    if not stale:
        return {}
    first, last = stale[0].as_of, stale[-1].as_of
    span = [one for one in snapshots if first <= one.as_of <= last]
    inputs = _read(spark, lake, departments, span, is_first=span[0] is snapshots[0])
    frame = build_snapshots(inputs, first=first, last=last, departments=departments)
    asked = frame.where(F.col("as_of").isin([str(one.as_of) for one in stale]))
    return write_periods(asked, lake, table, {one.as_of: one.fingerprints for one in stale})


def _read(
    spark: SparkSession, lake: Lake, departments: Sequence[str], span: Sequence[SnapshotInputs], *, is_first: bool
) -> Inputs:
    """The frames that neighbouring snapshots are made from."""
    deliveries: dict[Month, list[date]] = defaultdict(list)
    for one in span:
        if one.customers is not None:
            deliveries[one.customers].append(one.as_of)
    before = [] if is_first else [previous_as_of(span[0].as_of)]
    return Inputs(
        daily=read_periods(spark, lake, DAILY, sorted({month for one in span for month in one.daily})),
        previous=read_periods(spark, lake, features(departments), before),
        customers=read_periods(spark, lake, CUSTOMERS, list(deliveries)),
        sessions=read_periods(spark, lake, SESSIONS, sorted({month for one in span for month in one.sessions})),
        snapshots_of_delivery=deliveries,
        snapshots_with_sessions=[one.as_of for one in span if one.has_sessions],
    )


def check_for_leaks(spark: SparkSession, lake: Lake, departments: Sequence[str], *, as_of: date) -> None:
    """Let the canary look at the snapshot before the newest one, where there is one.

    Raises:
        LeakError: it changes with what came after it.
    """
    snapshots = snapshot_inputs(lake, departments, until=as_of)
    if len(snapshots) < 2:
        return
    one = snapshots[-2]
    inputs = _read(spark, lake, departments, [one], is_first=one is snapshots[0])
    since = read_periods(spark, lake, DAILY, [Month.before(as_of)])
    leak_check.check(inputs, since, as_of=one.as_of, departments=departments)
