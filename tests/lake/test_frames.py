"""Periods that Spark writes."""

from __future__ import annotations

from pyspark.sql import SparkSession

from jobs.core.month import Month
from jobs.lake.frames import write_periods
from jobs.lake.lake import Lake
from jobs.lake.tables import TRANSACTIONS


def test_a_period_without_rows_has_sums_like_any_other(spark: SparkSession, lake: Lake) -> None:
    october, november = Month(2011, 10), Month(2011, 11)
    line = ("c1", "o1", None, None, "unknown", None, None, False, str(october))
    rows = spark.createDataFrame([line], f"{TRANSACTIONS.ddl}, month string")
    records = write_periods(rows, lake, TRANSACTIONS, {october: {}, november: {}})
    assert {month: record.rows for month, record in records.items()} == {october: 1, november: 0}
    assert [dict(records[month].sums) for month in (october, november)] == [{"units": "0", "net_value": "0"}] * 2
