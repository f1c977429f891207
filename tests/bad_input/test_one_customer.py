from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from jobs.core.month import Month
from jobs.lake.lake import Lake
from tests.bad_input.files import TABLE, month
from tests.bad_input.kinds import SHOP
from tests.ingesting import ingest_all

LINES = 200_000


def test_a_customer_with_200_000_lines_in_one_order_is_a_customer_like_any_other(
    spark: SparkSession, lake: Lake, tmp_path: Path
) -> None:
    articles = pa.array([str(number) for number in range(LINES)] + ["7"])
    rows = TABLE.take([0] * (LINES + 1)).set_column(1, "sku", articles)
    pq.write_table(rows, month(tmp_path / "landing") / "part.parquet")

    result = ingest_all(spark, SHOP, tmp_path / "landing", lake, Month(2011, 11).as_of)["transactions"]

    assert (result.read, result.clean, result.rejected) == (LINES + 1, LINES, 1)
    assert (result.reasons, result.clean_value) == ({"duplicate": 1}, LINES * 2.5)
