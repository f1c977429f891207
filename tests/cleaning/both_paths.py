"""The same delivered order lines, cleaned with Spark and without."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.cleaning.flagging import flagged_rows, typed_rows
from jobs.cleaning.margin import valued
from jobs.cleaning.rows import CleanedRows, Delivered
from jobs.cleaning.transactions import add_department
from jobs.core.month import Month
from jobs.lake.tables import PRODUCTS, TRANSACTIONS
from jobs.sources.mapping import Source

Row = Mapping[str, object]


def spark_rows(
    spark: SparkSession, rows: Sequence[Mapping[str, str | None]], source: Source, delivered: Delivered
) -> DataFrame:
    """Rows of text as the batch cleans and flags them."""
    names = list(rows[0])
    struct = ", ".join(f"`{name}` string" for name in names)
    schema = f"source_file string, delivery_month string, malformed_line string, delivered struct<{struct}>"
    month = None if delivered.month is None else str(delivered.month)
    frame = spark.createDataFrame([("f", month, None, tuple(row[name] for name in names)) for row in rows], schema)
    typed = typed_rows(frame, source, source.transactions, first=delivered.first, last=delivered.last)
    products = [(*pair, str(month)) for month, listed in delivered.products.items() for pair in listed.items()]
    months = delivered.first.plus(-1).through(delivered.last.plus(1))
    newest = {
        month: max((listed for listed in delivered.products if listed <= month), default=None) for month in months
    }
    lists = {month: listed for month, listed in newest.items() if listed is not None}
    listed = spark.createDataFrame(products, f"{PRODUCTS.ddl}, month string")
    return valued(flagged_rows(add_department(typed, listed, lists), source, source.transactions), source)


def batch(flagged: DataFrame) -> tuple[Counter[tuple[object, ...]], Counter[tuple[str, tuple[str, ...]]]]:
    """The clean lines, and the rejected rows with their reasons, of flagged rows."""
    clean = flagged.where(F.size("rejected_for") == 0).select(*TRANSACTIONS.names).collect()
    rejected = flagged.where(F.size("rejected_for") > 0).select("raw", "rejected_for").collect()
    return Counter(map(tuple, clean)), Counter((_canonical(json.loads(raw)), tuple(why)) for raw, why in rejected)


def plain(cleaned: CleanedRows) -> tuple[Counter[tuple[object, ...]], Counter[tuple[str, tuple[str, ...]]]]:
    """The same of rows cleaned without Spark."""
    return Counter(map(tuple, cleaned.lines)), Counter((_canonical(row), why) for row, why in cleaned.rejected)


def whole_months(first: str, last: str, products: Mapping[Month, Mapping[str, str]] | None = None) -> Delivered:
    """A delivery without month folders."""
    return Delivered(first=Month.parse(first), last=Month.parse(last), products=products or {})


def each(values: Iterable[str | None], column: str, good: Mapping[str, str | None]) -> list[dict[str, str | None]]:
    """A good row for each value, in one of its columns."""
    return [{**good, column: value} for value in values]


def _canonical(row: Mapping[str, object]) -> str:
    return json.dumps({name: value for name, value in sorted(row.items()) if value is not None})
