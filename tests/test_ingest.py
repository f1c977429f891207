from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from jobs.cleaning.ingestion import ingest, ingested
from jobs.cleaning.reconciliation import Reconciliation
from jobs.core.month import Month
from jobs.lake import tables
from jobs.lake.lake import Lake
from jobs.landing.cache import Kept
from tests.corner_shop import CUSTOMERS, LINES, ODD_AMOUNTS, PRODUCTS, SESSIONS, SHOP, THREE_COLUMNS, deliver_month
from tests.ingesting import deliveries_of, ingest_all, rejected, stored

NOVEMBER, DECEMBER = Month(2011, 11), Month(2011, 12)
AS_OF = date(2011, 12, 1)


@dataclass(frozen=True)
class Ingested:
    """A landing that was ingested: where it went, and what became of its rows."""

    landing: Path
    lake: Lake
    results: dict[str, Reconciliation]


@pytest.fixture(scope="module")
def november(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Ingested:
    """The corner shop's November: lines and logins in month folders, accounts and articles as single files."""
    root = tmp_path_factory.mktemp("november")
    landing, lake = root / "landing", Lake(str(root / "lake"))
    deliver_month(landing, "transactions", NOVEMBER, LINES)
    deliver_month(landing, "sessions", NOVEMBER, SESSIONS)
    (landing / "customers.csv").write_text(CUSTOMERS)
    (landing / "products.csv").write_text(PRODUCTS)
    return Ingested(landing, lake, ingest_all(spark, SHOP, landing, lake, AS_OF))


@pytest.fixture(scope="module")
def autumn(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Ingested:
    """October and November from one file with three columns that also holds December and mistyped dates."""
    root = tmp_path_factory.mktemp("autumn")
    file, lake = root / "till.csv", Lake(str(root / "lake"))
    days = [f"2011-{month}-{day:02d}" for month in (10, 11, 12) for day in range(1, 29)]
    rows = pd.DataFrame({"customer": "7", "day": days * 40, "paid": "10"})
    odd = pd.DataFrame(
        {"customer": "7", "day": ["2011-11-30", "2011-11-30", "1901-01-01", "2099-01-01", "soon"], "paid": ODD_AMOUNTS}
    )
    pd.concat([rows, odd]).to_csv(file, index=False)
    return Ingested(file, lake, ingest_all(spark, THREE_COLUMNS, file, lake, AS_OF))


def test_every_line_is_clean_or_rejected_with_all_its_reasons(spark: SparkSession, november: Ingested) -> None:
    lake, result = november.lake, november.results["transactions"]

    month = "2011-11"
    assert stored(spark, lake, tables.TRANSACTIONS) == [
        ("c,3", "14", "2011-11-30 23:59:59", 'A "quoted", B', "unknown", "1.0000", "10.0000", "false", month),
        ("c1", "1", "2011-11-02 10:00:00", "A", "Coffee", "2.0000", "5.0000", "false", month),
        ("c1", "c1@2011-11-04T09:00:00", "2011-11-04 09:00:00", "B", "unknown", "3.0000", "0.9999", "false", month),
        ("c2", "2", "2011-11-03 00:00:00", "A", "Coffee", "-1.0000", "-2.5000", "true", month),
    ]
    refused = rejected(spark, lake, tables.TRANSACTIONS)
    assert {raw.get("order", raw.get("malformed_line")): reasons for _, _, raw, reasons in refused} == {
        "3": ["outside_delivery_month"],
        "4": ["unreadable_time"],
        "5": ["missing_customer"],
        "6": ["unusable_id"],
        "7": ["unreadable_price"],
        "8": ["unreadable_units"],
        "9": ["unreadable_amount"],
        "10": ["zero_value"],
        "11": ["gift_card"],
        "1": ["duplicate"],
        "12,A": ["malformed_row"],
        "13": ["unreadable_time", "missing_customer", "unreadable_units", "unreadable_price", "gift_card"],
    }
    assert {(month, file) for month, file, _, _ in refused} == {("2011-11", "part-0.csv.gz")}
    assert (result.in_files, result.read, result.clean, result.rejected) == (16, 16, 4, 12)
    assert result.reasons == Counter(reason for _, _, _, reasons in refused for reason in reasons)
    assert (result.clean_value, result.rejected_value) == (Decimal("13.4999"), Decimal("19"))


def test_a_refused_row_is_kept_as_it_was_delivered(spark: SparkSession, november: Ingested) -> None:
    raw = {row[2].get("order"): row[2] for row in rejected(spark, november.lake, tables.TRANSACTIONS)}

    assert raw["13"] == {"order": "13", "sku": "GIFT", "when": "never", "qty": "x", "price": "NaN"}
    assert raw["5"]["who"] == " "


def test_products_are_unique_and_give_lines_their_department(spark: SparkSession, november: Ingested) -> None:
    assert stored(spark, november.lake, tables.PRODUCTS) == [("A", "Coffee", "2011-11")]
    assert november.results["products"].reasons == {
        "repeated_product": 2,
        "missing_department": 1,
        "missing_product": 1,
    }
    assert {row[3:5] for row in stored(spark, november.lake, tables.TRANSACTIONS)} == {
        ("A", "Coffee"),
        ('A "quoted", B', "unknown"),
        ("B", "unknown"),
    }


def test_accounts_are_unique_and_refused_with_their_reasons(spark: SparkSession, november: Ingested) -> None:
    assert stored(spark, november.lake, tables.CUSTOMERS) == [
        ("c1", "2011-01-05", "annual", "Bonn", "Germany", "2011-11"),
        ("c2", "2011-02-01", "none", None, None, "2011-11"),
    ]
    assert november.results["customers"].reasons == {
        "repeated_customer": 1,
        "missing_customer": 1,
        "unreadable_time": 1,
        "unknown_membership": 1,
    }


def test_logins_are_refused_with_their_reasons(spark: SparkSession, november: Ingested) -> None:
    assert stored(spark, november.lake, tables.SESSIONS) == [("c1", "2011-11-05 10:00:00", "2011-11")]
    assert november.results["sessions"].reasons == {
        "duplicate": 1,
        "missing_customer": 1,
        "unreadable_time": 1,
        "outside_delivery_month": 1,
    }


def test_one_file_with_any_months_is_filed_by_the_rows_own_months(spark: SparkSession, autumn: Ingested) -> None:
    result = autumn.results["transactions"]

    assert (result.in_files, result.read, result.clean, result.rejected) == (3365, 2245, 2241, 4)
    assert autumn.lake.periods(tables.TRANSACTIONS) == ["2011-10", "2011-11"]
    refused = rejected(spark, autumn.lake, tables.TRANSACTIONS)
    assert {raw["day"]: (month, reasons) for month, _, raw, reasons in refused} == {
        "2011-11-30": ("2011-11", ["zero_value"]),
        "1901-01-01": ("2011-10", ["implausible_time"]),
        "2099-01-01": ("2011-10", ["implausible_time"]),
        "soon": ("2011-10", ["unreadable_time"]),
    }


def test_three_columns_are_enough_and_equal_rows_are_as_many_purchases(spark: SparkSession, autumn: Ingested) -> None:
    days = [f"2011-{month}-{day:02d}" for month in (10, 11) for day in range(1, 29)]
    purchases = [
        ("7", f"7@{day}T00:00:00", f"{day} 00:00:00", None, "unknown", None, "10.0000", "false", day[:7])
        for day in days
        for _ in range(40)
    ]
    refund = ("7", "7@2011-11-30T00:00:00", "2011-11-30 00:00:00", None, "unknown", None, "-4.0000", "true", "2011-11")

    assert stored(spark, autumn.lake, tables.TRANSACTIONS) == sorted([*purchases, refund], key=str)


def test_months_without_rows_are_complete_and_empty(spark: SparkSession, lake: Lake, landing: Path) -> None:
    deliver_month(landing, "transactions", Month(2011, 10), LINES)
    deliver_month(landing, "sessions", NOVEMBER, "who,at\n")
    delivered = deliveries_of(SHOP, landing, lake)["sessions"]

    result = ingest(
        spark, SHOP, delivered, lake, months=[Month(2011, 10), NOVEMBER], cache=Kept.in_folder(lake.root).cache
    )

    assert (result.in_files, result.read) == (0, 0)
    assert [lake.record(tables.SESSIONS, Month(2011, m)).rows for m in (10, 11)] == [0, 0]


def test_the_order_and_the_number_of_files_change_nothing(
    spark: SparkSession, november: Ingested, lake: Lake, landing: Path
) -> None:
    header, *lines = LINES.splitlines(keepends=True)
    deliver_month(landing, "transactions", NOVEMBER, "".join([header, *reversed(lines[8:])]))
    part = landing / "transactions/month=2011-11/part-1.csv"
    part.write_text("".join([header, *reversed(lines[:8])]))
    (landing / "products.csv").write_text(PRODUCTS)

    ingest_all(spark, SHOP, landing, lake, AS_OF)

    assert (
        lake.record(tables.TRANSACTIONS, NOVEMBER).fingerprint
        == november.lake.record(tables.TRANSACTIONS, NOVEMBER).fingerprint
    )
    months = [NOVEMBER]
    before, after = (deliveries_of(SHOP, folder, lake)["transactions"] for folder in (november.landing, landing))
    assert (
        ingested(SHOP, before, november.lake, months=months) == ingested(SHOP, after, lake, months=months) == len(lines)
    )
    assert ingested(SHOP, after, november.lake, months=months) == len(lines)
