from __future__ import annotations

import gzip
from collections import Counter
from dataclasses import dataclass, replace
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
from jobs.landing.deliveries import deliveries
from jobs.landing.files import LandingError
from jobs.sources.mapping import (
    CustomerColumns,
    ProductColumns,
    RowRule,
    SessionColumns,
    Source,
    TransactionColumns,
)
from tests.ingesting import ingest_all, rejected, stored

NOVEMBER, DECEMBER = Month(2011, 11), Month(2011, 12)
AS_OF = date(2011, 12, 1)

SHOP = Source(
    name="Corner shop",
    currency="EUR",
    transactions=TransactionColumns(
        customer_id="who", ordered_at="when", units="qty", unit_price="price", order_id="order", product_id="sku"
    ),
    customers=CustomerColumns(customer_id="id", signup_on="since", membership="plan", city="town", country="land"),
    sessions=SessionColumns(customer_id="who", logged_in_at="at"),
    products=ProductColumns(product_id="sku", department="aisle"),
    rules=(RowRule(reason="gift_card", when="product_id = 'GIFT'"),),
    rejects_duplicates=True,
)
THREE_COLUMNS = Source(
    name="Three columns",
    currency="EUR",
    transactions=TransactionColumns(customer_id="customer", ordered_at="day", amount="paid"),
)

PRODUCTS = "sku,aisle\nA,Tea\nA,Coffee\nB,\n,Tea\nA,Coffee\n"

CUSTOMERS = """id,since,plan,town,land
c1,2011-01-05,Annual,Bonn,Germany
c1,2011-01-06,monthly,Köln,Germany
c2,2011-02-01 09:00,,,
,2011-02-01,none,Bonn,Germany
c4,2011-02-30,none,Bonn,Germany
c5,2011-02-01,gold,Bonn,Germany
"""

SESSIONS = """who,at
c1,2011-11-05 10:00:00
c1,2011-11-05 10:00:00
,2011-11-05
c1,later
c1,2011-10-31 23:59:59
"""

ODD_AMOUNTS = ["-4", "0", "10", "10", "10"]

LINES = """order,sku,when,who,qty,price
1,A,2011-11-02 10:00:00,c1,2,2.50
2,A,2011-11-03,c2,-1,2.50
,B,2011-11-04 09:00,c1,3,0.3333
3,A,2011-12-01 00:00:00,c1,1,1
4,A,11/05/2011,c1,1,1
5,A,2011-11-05, ,1,1
6,A,2011-11-05,c\t1,1,1
7,A,2011-11-05,c1,1,free
8,A,2011-11-05,c1,lots,1
9,A,2011-11-05,c1,90000000000000,90000000000000
10,A,2011-11-05,c1,1,0.00
11,GIFT,2011-11-05,c1,1,10
1,A,2011-11-02 10:00:00,c1,2,2.50
12,A
13,GIFT,never,,x,NaN
14,"A ""quoted"", B",2011-11-30 23:59:59,"c,3",1,1e1
"""


@dataclass(frozen=True)
class Ingested:
    """A landing that was ingested: where it went, and what became of its rows."""

    landing: Path
    lake: Lake
    results: dict[str, Reconciliation]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    folder = tmp_path / "landing"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def november(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Ingested:
    """The corner shop's November: lines and logins in month folders, accounts and articles as single files."""
    root = tmp_path_factory.mktemp("november")
    landing, lake = root / "landing", Lake(root / "lake")
    deliver_month(landing, "transactions", NOVEMBER, LINES)
    deliver_month(landing, "sessions", NOVEMBER, SESSIONS)
    (landing / "customers.csv").write_text(CUSTOMERS)
    (landing / "products.csv").write_text(PRODUCTS)
    return Ingested(landing, lake, ingest_all(spark, SHOP, landing, lake, AS_OF))


@pytest.fixture(scope="module")
def autumn(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Ingested:
    """October and November from one file with three columns that also holds December and slips of the pen."""
    root = tmp_path_factory.mktemp("autumn")
    file, lake = root / "till.csv", Lake(root / "lake")
    days = [f"2011-{month}-{day:02d}" for month in (10, 11, 12) for day in range(1, 29)]
    rows = pd.DataFrame({"customer": "7", "day": days * 40, "paid": "10"})
    odd = pd.DataFrame(
        {"customer": "7", "day": ["2011-11-30", "2011-11-30", "1901-01-01", "2099-01-01", "soon"], "paid": ODD_AMOUNTS}
    )
    pd.concat([rows, odd]).to_csv(file, index=False)
    return Ingested(file, lake, ingest_all(spark, THREE_COLUMNS, file, lake, AS_OF))


def deliver_month(landing: Path, table: str, month: Month, text: str) -> None:
    folder = landing / table / f"month={month}"
    folder.mkdir(parents=True)
    (folder / "part-0.csv.gz").write_bytes(gzip.compress(text.encode()))
    (folder / "_SUCCESS").touch()


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


def test_files_of_every_format_in_one_folder_give_the_same_rows(spark: SparkSession, lake: Lake, landing: Path) -> None:
    folder = landing / "transactions"
    folder.mkdir()
    days = pd.to_datetime(["2011-11-05", "2011-12-02"])
    frame = pd.DataFrame({"who": [13085, None], "when": days, "qty": [1, -2], "price": [2.55, 3.0]})
    named = {name: frame.assign(order=name, sku="A") for name in ("csv", "gz", "parquet", "xlsx")}
    ids = frame.who.astype("Int64")
    named["csv"].assign(who=ids).to_csv(folder / "a.csv", index=False)
    named["gz"].assign(who=ids, note="an added column").iloc[:, ::-1].to_csv(folder / "b and+c.csv.gz", index=False)
    named["parquet"].to_parquet(folder / "c.parquet")
    named["xlsx"].to_excel(folder / "d.xlsx", index=False)
    source = replace(SHOP, customers=None, sessions=None, products=None)

    result = ingest_all(spark, source, landing, lake, date(2012, 1, 1))["transactions"]

    assert stored(spark, lake, tables.TRANSACTIONS) == [
        ("13085", name, "2011-11-05 00:00:00", "A", "unknown", "1.0000", "2.5500", "false", "2011-11")
        for name in ("csv", "gz", "parquet", "xlsx")
    ]
    refused = [(month, file, reasons) for month, file, _, reasons in rejected(spark, lake, tables.TRANSACTIONS)]
    assert refused == [
        ("2011-12", name, ["missing_customer"]) for name in ("a.csv", "b and+c.csv.gz", "c.parquet", "d.xlsx")
    ]
    assert result.in_files == result.read == 8


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


def test_months_without_rows_become_empty_folders(spark: SparkSession, lake: Lake, landing: Path) -> None:
    deliver_month(landing, "transactions", Month(2011, 10), LINES)
    deliver_month(landing, "sessions", NOVEMBER, "who,at\n")
    delivered = deliveries(SHOP, landing, lake.root)["sessions"]

    result = ingest(spark, SHOP, delivered, lake, months=[Month(2011, 10), NOVEMBER], as_of=AS_OF)

    assert (result.in_files, result.read) == (0, 0)
    assert [lake.record(tables.SESSIONS, Month(2011, m)).rows for m in (10, 11)] == [0, 0]


def test_the_order_and_the_number_of_files_change_nothing_but_whether_the_month_is_current(
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
    asked = {"months": [NOVEMBER], "as_of": AS_OF}
    before, after = (deliveries(SHOP, folder, lake.root)["transactions"] for folder in (november.landing, landing))
    assert ingested(SHOP, before, november.lake, **asked) == ingested(SHOP, after, lake, **asked) == len(lines)
    assert ingested(SHOP, after, november.lake, **asked) is None


def test_lines_are_ingested_anew_when_the_articles_have_changed(spark: SparkSession, lake: Lake, landing: Path) -> None:
    deliver_month(landing, "transactions", NOVEMBER, LINES)
    (landing / "products.csv").write_text(PRODUCTS)
    ingest_all(spark, SHOP, landing, lake, AS_OF)
    asked = {"months": [NOVEMBER], "as_of": AS_OF}
    assert ingested(SHOP, deliveries(SHOP, landing, lake.root)["transactions"], lake, **asked) is not None

    (landing / "products.csv").write_text(PRODUCTS.splitlines(keepends=True)[0])
    ingest(spark, SHOP, deliveries(SHOP, landing, lake.root)["products"], lake, **asked)

    assert ingested(SHOP, deliveries(SHOP, landing, lake.root)["transactions"], lake, **asked) is None


def test_a_file_that_the_mapping_does_not_fit_stops_the_task(spark: SparkSession, lake: Lake, landing: Path) -> None:
    deliver_month(landing, "transactions", NOVEMBER, "order,sku,when,who,qty,price\n1,A,05.11.2011,c1,1,1\n")

    with pytest.raises(LandingError, match=r"all 1 rows are rejected for unreadable_time.*part-0.*05\.11\.2011"):
        ingest_all(spark, SHOP, landing, lake, AS_OF)

    assert lake.periods(tables.TRANSACTIONS) == []


def test_a_month_without_its_success_is_refused(spark: SparkSession, lake: Lake, landing: Path) -> None:
    for month in (Month(2011, 10), NOVEMBER, DECEMBER):
        deliver_month(landing, "transactions", month, LINES)
    (landing / "transactions/month=2011-11/_SUCCESS").unlink()

    with pytest.raises(LandingError, match="transactions of 2011-11 has not been delivered in full"):
        ingest_all(spark, SHOP, landing, lake, date(2012, 1, 1))
