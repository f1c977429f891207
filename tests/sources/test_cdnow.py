from __future__ import annotations

from datetime import date
from decimal import Decimal
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


def test_all_purchases_count_but_those_for_nothing(spark: SparkSession, cdnow: Path, tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))

    result = ingest_all(spark, load("cdnow"), cdnow, lake, date(1998, 7, 1))["transactions"]

    assert (result.in_files, result.read, result.clean) == (69_659, 69_659, 69_659 - 80)
    assert result.reasons == {"zero_value": 80}
    lines = read_periods(spark, lake, tables.TRANSACTIONS, Month(1997, 1).through(Month(1998, 6)))
    orders, customers = lines.select(F.count_distinct("order_id"), F.count_distinct("customer_id")).collect()[0]
    published = pd.read_parquet(cdnow).query("dollar_value > 0")
    assert orders == len(published.drop_duplicates(["customer_id", "date"]))
    assert customers == published.customer_id.nunique()
    assert result.clean_value == Decimal(f"{published.dollar_value.sum():.4f}")
