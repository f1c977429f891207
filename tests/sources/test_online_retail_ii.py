"""The whole of Online Retail II through the ingest, reconciled against facts worked out with pandas alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.cleaning.reconciliation import Reconciliation
from jobs.cleaning.row_values import texts_of
from jobs.cleaning.rows import Delivered, clean_transactions
from jobs.core.month import Month
from jobs.lake import tables
from jobs.lake.frames import read_periods
from jobs.lake.lake import Lake
from jobs.sources import load
from tests.ingesting import ingest_all, rejected

ALL_MONTHS = Month(2009, 12).through(Month(2011, 12))
PUBLISHED_COLUMNS = [
    "Invoice",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "Price",
    "Customer ID",
    "Country",
]
BOOKKEEPING = r"ADJUST.*|AMAZONFEE|B|BANK CHARGES|CRUK|S|TEST.*|gift_0001_.*"


@pytest.fixture(scope="module")
def published(online_retail_ii: Path) -> pd.DataFrame:
    """The rows as published, with a flag for each reason why one does not count."""
    rows = pd.read_parquet(online_retail_ii)
    return rows.assign(
        missing_customer=rows["Customer ID"].isna(),
        sheet_overlap=(rows.sheet == "Year 2009-2010") & (rows.InvoiceDate >= "2010-12-01"),
        price_not_positive=rows.Price <= 0,
        zero_value=rows.Price.round(4) == 0,
        bookkeeping_entry=rows.StockCode.str.fullmatch(BOOKKEEPING),
        duplicate=rows.duplicated(),
    )


@pytest.fixture(scope="module")
def ingested(
    spark: SparkSession, online_retail_ii: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Lake, Reconciliation]:
    lake = Lake(str(tmp_path_factory.mktemp("online_retail_ii")))
    results = ingest_all(spark, load("online_retail_ii"), online_retail_ii, lake, date(2012, 1, 1))
    return lake, results["transactions"]


REASONS = ["missing_customer", "sheet_overlap", "price_not_positive", "zero_value", "bookkeeping_entry", "duplicate"]


def test_every_row_is_clean_or_rejected(ingested: tuple[Lake, Reconciliation]) -> None:
    _, result = ingested

    assert result.in_files == result.read == 1_067_371
    assert result.clean + result.rejected == result.read


def test_each_reason_counts_the_rows_it_should(ingested: tuple[Lake, Reconciliation], published: pd.DataFrame) -> None:
    _, result = ingested

    assert result.reasons == {reason: int(published[reason].sum()) for reason in REASONS}
    assert result.reasons["missing_customer"] == 243_007
    assert result.reasons["sheet_overlap"] == 22_523
    assert result.reasons["price_not_positive"] == 6_202 + 5
    assert int((published.duplicate & ~published.sheet_overlap).sum()) == 11_812


def test_the_clean_rows_are_those_without_a_reason(
    spark: SparkSession, ingested: tuple[Lake, Reconciliation], published: pd.DataFrame
) -> None:
    lake, result = ingested
    kept = published[~published[REASONS].any(axis=1)]
    lines = read_periods(spark, lake, tables.TRANSACTIONS, ALL_MONTHS)

    by_month = lines.groupBy("month").agg(
        F.count(F.lit(1)).alias("rows"),
        F.sum("net_value").cast("string").alias("net_value"),
        F.sum("units").cast("bigint").alias("units"),
        F.count_if("is_return").alias("returns"),
    )

    value = kept.Quantity * kept.Price
    expected = kept.assign(net_value=value, is_return=value < 0).groupby(kept.InvoiceDate.dt.strftime("%Y-%m"))
    assert sorted(map(tuple, by_month.collect())) == [
        (month, len(rows), f"{rows.net_value.sum():.4f}", int(rows.Quantity.sum()), int(rows.is_return.sum()))
        for month, rows in expected
    ]
    assert result.clean_value == Decimal(f"{value.sum():.4f}")


@pytest.mark.long
def test_every_row_becomes_the_same_without_spark(
    spark: SparkSession, ingested: tuple[Lake, Reconciliation], online_retail_ii: Path
) -> None:
    lake, _ = ingested
    rows = pd.read_parquet(online_retail_ii)
    records = rows.assign(InvoiceDate=rows.InvoiceDate.astype(str)).to_dict("records")
    raw = [{str(name): None if pd.isna(value) else value for name, value in row.items()} for row in records]
    delivered = Delivered(first=ALL_MONTHS[0], last=ALL_MONTHS[-1], products={})

    ours = clean_transactions(raw, load("online_retail_ii"), delivered)

    lines = read_periods(spark, lake, tables.TRANSACTIONS, ALL_MONTHS).select(*tables.TRANSACTIONS.names)
    refused = rejected(spark, lake, tables.TRANSACTIONS)
    found = [counted(map(tuple, ours.lines)), counted((content(row), why) for row, why in ours.rejected)]
    batch = [counted(map(tuple, lines.collect())), counted((content(row), tuple(why)) for _, _, row, why in refused)]
    counts = [[one.total(), len(one), (one - other).total()] for one, other in zip(found, batch, strict=True)]
    print("lines and rejected rows: compared, distinct, different:", counts)  # noqa: T201 - for the report
    assert [list((one - other).items())[:3] for one, other in zip(found, batch, strict=True)] == [[], []]
    assert [one.total() for one in found] == [one.total() for one in batch]


def counted(rows: Iterable[tuple[object, ...]]) -> Counter[tuple[object, ...]]:
    return Counter(rows)


def content(row: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """The texts of a delivered row that are not NULL."""
    return tuple(sorted((name, text) for name, text in texts_of(row, ()).items() if text is not None))


def test_the_file_knows_5942_customers_of_whom_some_keep_no_line(
    spark: SparkSession, ingested: tuple[Lake, Reconciliation], published: pd.DataFrame
) -> None:
    lake, _ = ingested
    kept = published[~published[REASONS].any(axis=1)]
    lines = read_periods(spark, lake, tables.TRANSACTIONS, ALL_MONTHS)

    ids = {row.customer_id for row in lines.select("customer_id").distinct().collect()}

    assert published["Customer ID"].nunique() == 5_942
    assert ids == {str(number) for number in kept["Customer ID"].unique()}


def test_a_giant_order_and_its_cancellation_both_stay(
    spark: SparkSession, ingested: tuple[Lake, Reconciliation]
) -> None:
    lake, _ = ingested
    lines = read_periods(spark, lake, tables.TRANSACTIONS, [Month(2011, 1), Month(2011, 12)])

    giants = lines.filter(F.abs("units") > 50_000).select("customer_id", "order_id", F.col("units").cast("int"))

    assert sorted(map(tuple, giants.collect())) == [
        ("12346", "541431", 74_215),
        ("12346", "C541433", -74_215),
        ("16446", "581483", 80_995),
        ("16446", "C581484", -80_995),
    ]
