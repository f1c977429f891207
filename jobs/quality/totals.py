"""Totals of whole periods, for rules that are not about single rows: volumes, gaps, rejections, reconciliations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import reduce
from itertools import pairwise

import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.core.month import HORIZON_MONTHS, Month, previous_as_of
from jobs.features.table import LAG_MONTHS, lag_name
from jobs.forecasting.first_month.days import FIRST_DAYS
from jobs.lake.frames import read_periods
from jobs.lake.lake import Lake
from jobs.lake.tables import ALL_DEPARTMENTS, FORECASTS, Table, rejected

EXACT = "decimal(38,4)"
"""Doubles that were decimals are cast back to the same decimals, so that sums do not depend on the order of rows."""
REASON_MONTHS = 3
"""Number of earlier months with which the data month's rejections are compared."""


@dataclass(frozen=True)
class Activity:
    """The activity of a month: its totals by name, and the days with at least one row, in order."""

    figures: Mapping[str, float]
    days: Sequence[date]


NO_ACTIVITY = Activity(dict.fromkeys(("rows", "customers", "net_value", "order_days"), 0.0), ())


def activity_by_month(rows: DataFrame, *, time: str) -> dict[Month, Activity]:
    """The activity in a table of events, with its `month` and, where it has one, its `net_value`.

    The days are collected as bits of a number: sets of days cost twice the whole aggregation.
    """
    money = [F.sum("net_value").alias("net_value")] if "net_value" in rows.columns else []
    months = rows.groupBy("month").agg(
        F.count(F.lit(1)).alias("rows"),
        F.count_distinct("customer_id").alias("customers"),
        F.expr(f"bit_or(shiftleft(1, day({time}) - 1))").alias("days"),
        *money,
    )
    activity = {}
    for row in months.collect():
        month = Month.parse(row["month"])
        days = [month.first_day + timedelta(days=day) for day in range(31) if (row["days"] or 0) >> day & 1]
        figures = {name: float(value or 0) for name, value in row.asDict().items() if name not in ("month", "days")}
        activity[month] = Activity(figures | {"order_days": float(len(days))}, days)
    return activity


def silent_days_at_end(days: Sequence[date], month: Month) -> int:
    """Days without activity at the end of the month: all of its days if `days` is empty."""
    newest = max(days, default=month.first_day - timedelta(days=1))
    return (month.as_of - newest).days - 1


def longest_gap_days(activity: Mapping[Month, Activity], month: Month, *, months: int) -> int:
    """The longest run of days without activity in the months before `month`; in the first month, within it."""
    recent = month.plus(-months).through(month.plus(-1))
    months_compared = recent if any(past in activity for past in recent) else [month]
    days = [day for past in months_compared if past in activity for day in activity[past].days]
    return max(((later - earlier).days - 1 for earlier, later in pairwise(days)), default=0)


def rejected_share(lake: Lake, table: Table, month: Month) -> float:
    """Rejected rows as a share of all delivered rows; 0 if there are none."""
    rejected_rows, clean_rows = lake.record(rejected(table), month).rows, lake.record(table, month).rows
    return rejected_rows / max(rejected_rows + clean_rows, 1)


def rejected_reasons(spark: SparkSession, lake: Lake, delivered: Mapping[Table, Month]) -> pd.DataFrame:
    """One row per table and reason: its share of the delivered rows of a month, and the rise of that share.

    The rise is over the highest share of the three months before; a table's first month has none.

    Args:
        spark: the session.
        lake: the lake.
        delivered: the tables, each with its month.
    """
    compared = {
        table: [
            past
            for past in month.plus(-REASON_MONTHS).through(month.plus(-1))
            if lake.is_complete(table, past) and lake.is_complete(rejected(table), past)
        ]
        for table, month in delivered.items()
    }
    counts = _rows_by_reason(spark, lake, {table: [*compared[table], month] for table, month in delivered.items()})
    reason_rows = []
    for table, month in delivered.items():
        reasons = sorted(reason for name, of, reason in counts if (name, of) == (table.name, str(month)))
        for reason in reasons:
            rows = {past: counts.get((table.name, str(past), reason), 0) for past in (*compared[table], month)}
            shares = {
                past: count / (lake.record(table, past).rows + lake.record(rejected(table), past).rows)
                for past, count in rows.items()
                if count
            }
            before = max((shares.get(past, 0.0) for past in compared[table]), default=shares[month])
            reason_rows.append((table.name, reason, rows[month], shares[month], shares[month] - before))
    return pd.DataFrame(reason_rows, columns=["table", "reason", "rows", "share", "rise"])


def _rows_by_reason(
    spark: SparkSession, lake: Lake, periods: Mapping[Table, Sequence[Month]]
) -> dict[tuple[str, str, str], int]:
    """Rejected rows by table, month and reason; a row counts under each of its reasons."""
    frames = [
        read_periods(spark, lake, rejected(table), months).select(
            F.lit(table.name).alias("table"), "month", F.explode("rejected_for").alias("reason")
        )
        for table, months in periods.items()
    ]
    counts = reduce(DataFrame.unionByName, frames).groupBy("table", "month", "reason").count()
    return {(row["table"], row["month"], row["reason"]): row["count"] for row in counts.collect()}


def daily_totals(daily: DataFrame, lines: Mapping[str, Decimal]) -> dict[str, float]:
    """The totals of a month's daily rows, each day counted once, minus those of its order lines."""
    sums = daily.where(F.col("department") == F.lit(ALL_DEPARTMENTS)).agg(*(F.sum(name).alias(name) for name in lines))
    actual = sums.collect()[0]
    return {f"{name}_less_transactions": float((actual[name] or 0) - lines[name]) for name in lines}


def features_totals(
    snapshot: DataFrame, lake: Lake, table: Table, as_of: date, net_value: Mapping[Month, Decimal]
) -> dict[str, float]:
    """The size of a snapshot, and how far its net value differs from that of the months' order lines."""
    sums = snapshot.agg(*(F.sum(F.col(name).cast(EXACT)).alias(name) for name in map(_lag, LAG_MONTHS))).collect()[0]
    differences = [
        abs((sums[_lag(lag)] or 0) - net_value.get(Month.of(as_of).plus(-lag), Decimal(0))) for lag in LAG_MONTHS
    ]
    record = lake.record(table, as_of)
    lifetime = Decimal(record.sums["net_value_lifetime"]) - sum(net_value.values())
    return {
        "rows": record.rows,
        "net_value_lifetime_less_transactions": float(lifetime),
        "largest_month_difference": float(max(differences)),
    }


def forecasts_totals(
    forecasts: DataFrame, lake: Lake, as_of: date, net_value: Mapping[Month, Decimal]
) -> dict[str, float]:
    """The size of a month's forecasts, and their sum relative to the trailing year and the previous forecast.

    A ratio without a positive denominator is omitted.
    """
    record = lake.record(FORECASTS, as_of)
    total = Decimal(record.sums["clv_12m"])
    versions = forecasts.agg(F.count_distinct("model_version").alias("versions")).collect()[0]["versions"]
    totals = {"rows": record.rows, "model_versions": versions}
    year = Month.of(as_of).plus(-HORIZON_MONTHS).through(Month.before(as_of))
    trailing = [net_value[past] for past in year if past in net_value]
    if (a_year := sum(trailing, Decimal(0))) > 0:
        totals["forecast_to_trailing_ratio"] = float(total / HORIZON_MONTHS / (a_year / len(trailing)))
    last = previous_as_of(as_of)
    if lake.is_complete(FORECASTS, last) and (earlier := Decimal(lake.record(FORECASTS, last).sums["clv_12m"])) > 0:
        totals["forecast_to_last_ratio"] = float(total / earlier)
    return totals


def completed_in_month(customers: DataFrame, as_of: date) -> int:
    """How many customers of a snapshot completed the first month in its data month."""
    completed_on = F.date_add("first_ordered_on", FIRST_DAYS)
    return customers.where((completed_on > F.lit(previous_as_of(as_of))) & (completed_on <= F.lit(as_of))).count()


def _lag(lag: int) -> str:
    return lag_name("net_value", lag)
