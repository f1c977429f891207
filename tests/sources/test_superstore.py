from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.core.month import Month
from jobs.lake import tables
from jobs.lake.frames import read_periods
from jobs.lake.lake import Lake
from jobs.sources import load
from tests.ingesting import ingest_all


def test_all_lines_count_in_the_department_they_name(spark: SparkSession, superstore: Path, tmp_path: Path) -> None:
    source, lake = load("superstore"), Lake(str(tmp_path))

    result = ingest_all(spark, source, superstore, lake, date(2020, 1, 1))["transactions"]

    assert (result.read, result.clean, result.reasons) == (9_994, 9_994, {})
    lines = read_periods(spark, lake, tables.TRANSACTIONS, Month(2016, 1).through(Month(2019, 12)))
    actual = lines.groupBy("department").agg(F.count_distinct("order_id"), F.sum("units").cast("int")).collect()
    published = pd.read_parquet(superstore).groupby("Category")
    assert {tuple(row) for row in actual} == {
        (department, rows["Order ID"].nunique(), rows.Quantity.sum()) for department, rows in published
    }
    assert sorted(source.departments) == sorted(row.department for row in actual)
