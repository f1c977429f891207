"""A small shop of the simulated source, written to the lake row by row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from pyspark.sql import SparkSession

from jobs.core.month import Month
from jobs.lake.frames import write_periods
from jobs.lake.lake import Lake
from jobs.lake.tables import Table, rejected
from jobs.lake.versions import Record
from jobs.sources import load
from tests.periods import put

SOURCE = "simulated_shop"
DEPARTMENTS = load(SOURCE).departments
PEOPLE = 12


def order_lines(month: Month) -> list[tuple[object, ...]]:
    """Three lines a day, every tenth day one of them a return."""
    days = [month.first_day + timedelta(days=day) for day in range((month.as_of - month.first_day).days)]
    lines = []
    for day in days:
        for number in range(3):
            is_return = number == 2 and day.day % 10 == 0
            value = Decimal(-5 if is_return else 10 + day.day)
            at = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=8 + 4 * number)
            person, order = f"c{(day.day + number) % PEOPLE:02d}", f"o{month}-{day.day}-{number}"
            lines.append(
                (person, order, at, f"p{number}", DEPARTMENTS[number], Decimal(1).copy_sign(value), value, is_return)
            )
    return [(*line, str(month)) for line in lines]


def store(spark: SparkSession, lake: Lake, table: Table, rows: Mapping[Month, list[tuple[object, ...]]]) -> None:
    """Write whole months of a table, none of whose delivered rows was rejected."""
    key = f"`{table.period_key}` string"
    frame = spark.createDataFrame([row for month in rows.values() for row in month], f"{table.ddl}, {key}")
    write_periods(frame, lake, table, {month: {} for month in rows})
    for month in rows:
        put(lake, rejected(table), month, Record(rows=0, fingerprint="0"))
