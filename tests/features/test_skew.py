"""A customer with as many lines as a whole shop, all in one month, is one customer among others."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession

from jobs.core.month import Month
from jobs.lake.lake import Lake
from jobs.lake.tables import TRANSACTIONS, rejected
from jobs.sources.mapping import Source, TransactionColumns
from tests.features.single.both_paths import compared_in_lake
from tests.ingesting import ingest_all

SHOP = Source(
    name="a shop with one giant",
    currency="EUR",
    transactions=TransactionColumns(
        customer_id="customer", ordered_at="at", amount="amount", units="units", order_id="order", product_id="product"
    ),
)
AS_OF = date(2012, 1, 1)
SHOP_MONTHS = Month(2011, 1).through(Month(2011, 12))
CUSTOMERS, LINES_OF_GIANT = 200, 1_000_000


def lines() -> pd.DataFrame:
    """Three lines a month for everybody, and the giant's in November."""
    days = [f"2011-{month:02}-{day:02} 10:00:00" for month in range(1, 13) for day in (3, 11, 27)]
    everybody = pd.DataFrame(
        [(f"c{number}", day, 10 + number, 2, f"{number}-{day}", "p1") for number in range(CUSTOMERS) for day in days],
        columns=["customer", "at", "amount", "units", "order", "product"],
    )
    line = np.arange(LINES_OF_GIANT)
    minutes = pd.Timestamp("2011-11-01") + pd.to_timedelta(line % (30 * 24 * 60), unit="min")
    giant = pd.DataFrame(
        {
            "customer": "giant",
            "at": minutes.strftime("%Y-%m-%d %H:%M:%S"),
            "amount": (line % 1000 + 1) / 100,
            "units": 1,
            "order": (line // 5).astype(str),
            "product": "p" + pd.Series(line % 500).astype(str),
        }
    )
    return pd.concat([everybody, giant])


@pytest.mark.long
def test_a_customer_with_a_million_lines(spark: SparkSession, tmp_path: Path) -> None:
    delivered, lake = lines(), Lake(str(tmp_path / "lake"))
    delivered.to_parquet(tmp_path / "lines.parquet")
    ingest_all(spark, SHOP, tmp_path / "lines.parquet", lake, AS_OF)
    kept = sum(lake.record(TRANSACTIONS, period).rows for period in SHOP_MONTHS)
    refused = sum(lake.record(rejected(TRANSACTIONS), period).rows for period in SHOP_MONTHS)
    assert (kept, refused) == (len(delivered), 0)
    found = compared_in_lake(spark, lake, (), [AS_OF])
    assert (found[AS_OF].customers, found[AS_OF].differences) == (CUSTOMERS + 1, [])
