"""The recorded counts are those of the lake, nothing is lost, and a retry changes nothing."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

from pyspark.sql import SparkSession

from jobs.cleaning.row_counts import record_row_counts, row_counts
from jobs.core.month import Month
from jobs.lake import tables
from jobs.lake.lake import Lake
from tests.conftest import Database
from tests.corner_shop import LINES, PRODUCTS, SHOP, deliver_month
from tests.forecasts import plan, seen
from tests.ingesting import ingest_all, rejected

NOVEMBER = Month(2011, 11)
AS_OF = date(2011, 12, 1)


def test_clean_and_rejected_rows_are_recorded_by_month_and_reason(
    spark: SparkSession, database: Database, tmp_path: Path
) -> None:
    landing, lake = tmp_path / "landing", Lake(str(tmp_path / "lake"))
    deliver_month(landing, "transactions", NOVEMBER, LINES)
    (landing / "products.csv").write_text(PRODUCTS)
    delivered = ingest_all(spark, SHOP, landing, lake, AS_OF)["transactions"]
    counts = row_counts(lake, tables.TRANSACTIONS, NOVEMBER)
    assert (counts.clean, counts.rejected) == (delivered.clean, delivered.rejected)
    assert counts.clean + counts.rejected == delivered.read
    refused = rejected(spark, lake, tables.TRANSACTIONS)
    assert counts.reasons == Counter(reason for *_, reasons in refused for reason in reasons)
    assert len(counts.reasons) > 3

    run_id = plan(database.writer, AS_OF)
    for _ in range(2):
        record_row_counts(database.writer, lake, tables.TRANSACTIONS, [NOVEMBER], run_id=run_id, name="transactions")
        [row] = seen(database, "ingested")
        assert dict(row) == {
            "data_month": "2011-11",
            "as_of": AS_OF,
            "run_id": run_id,
            "table_name": "transactions",
            "month": NOVEMBER.first_day,
            "delivered_rows": delivered.read,
            "clean_rows": delivered.clean,
            "rejected_rows": delivered.rejected,
        }
        assert {row["reason"]: row["rows"] for row in seen(database, "rejected")} == counts.reasons
