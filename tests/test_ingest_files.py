"""Files and folders of every kind, and what makes a month be ingested again."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from jobs.cleaning.ingestion import ingest, ingested
from jobs.core.month import Month
from jobs.lake import tables
from jobs.lake.lake import Lake
from jobs.landing.cache import Kept
from jobs.landing.deliveries import dated, keep_lists
from jobs.landing.file_checks import LandingError
from tests.corner_shop import LINES, PRODUCTS, SHOP, deliver_month
from tests.ingesting import deliveries_of, ingest_all, rejected, stored
from tests.test_ingest import AS_OF, DECEMBER, NOVEMBER


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


def test_lines_are_ingested_anew_when_the_articles_have_changed(spark: SparkSession, lake: Lake, landing: Path) -> None:
    deliver_month(landing, "transactions", NOVEMBER, LINES)
    (landing / "products.csv").write_text(PRODUCTS)
    ingest_all(spark, SHOP, landing, lake, AS_OF)
    assert ingested(SHOP, deliveries_of(SHOP, landing, lake)["transactions"], lake, months=[NOVEMBER]) is not None

    shutil.rmtree(Path(lake.root) / tables.delivered("products").name)
    (landing / "products.csv").write_text(PRODUCTS.splitlines(keepends=True)[0])
    products = keep_lists(dated(deliveries_of(SHOP, landing, lake)))["products"]
    ingest(spark, SHOP, products, lake, months=[NOVEMBER], cache=Kept.in_folder(lake.root).cache)

    assert ingested(SHOP, deliveries_of(SHOP, landing, lake)["transactions"], lake, months=[NOVEMBER]) is None


def test_a_file_that_the_mapping_does_not_fit_stops_the_task(spark: SparkSession, lake: Lake, landing: Path) -> None:
    deliver_month(landing, "transactions", NOVEMBER, "order,sku,when,who,qty,price\n1,A,05.11.2011,c1,1,1\n")

    with pytest.raises(LandingError, match=r"all 1 rows are rejected for unreadable_time.*that column in part-0"):
        ingest_all(spark, SHOP, landing, lake, AS_OF)

    assert lake.periods(tables.TRANSACTIONS) == []


def test_a_month_without_its_success_is_refused(spark: SparkSession, lake: Lake, landing: Path) -> None:
    for month in (Month(2011, 10), NOVEMBER, DECEMBER):
        deliver_month(landing, "transactions", month, LINES)
    (landing / "transactions/month=2011-11/_SUCCESS").unlink()

    with pytest.raises(LandingError, match="transactions of 2011-11 has not been delivered in full"):
        ingest_all(spark, SHOP, landing, lake, date(2012, 1, 1))


def test_lines_take_their_department_from_the_newest_list_that_is_not_later(
    spark: SparkSession, lake: Lake, landing: Path
) -> None:
    months = Month(2011, 9).through(DECEMBER)
    for month in months:
        deliver_month(landing, "transactions", month, f"order,sku,when,who,qty,price\n1,A,{month}-02,c1,1,1\n")
    for month, aisle in ((months[1], "Tea"), (months[3], "Coffee")):
        deliver_month(landing, "products", month, f"sku,aisle\nA,{aisle}\n")
    ingest_all(spark, SHOP, landing, lake, date(2012, 1, 1))
    departments = {row[-1]: row[4] for row in stored(spark, lake, tables.TRANSACTIONS)}
    assert departments == {"2011-09": "unknown", "2011-10": "Tea", "2011-11": "Tea", "2011-12": "Coffee"}


def test_a_list_repeats_a_customer_only_within_itself(spark: SparkSession, lake: Lake, landing: Path) -> None:
    for month, plan in ((Month(2011, 10), "none"), (NOVEMBER, "annual")):
        deliver_month(landing, "transactions", month, LINES)
        rows = f"c1,2011-01-05,{plan},Bonn,Germany,x\nc1,2011-01-05,{plan},Bonn,Germany,y\n"
        deliver_month(landing, "customers", month, f"id,since,plan,town,land,unread\n{rows}")
    results = ingest_all(spark, SHOP, landing, lake, AS_OF)
    assert results["customers"].reasons == {"repeated_customer": 2}
    assert stored(spark, lake, tables.CUSTOMERS) == [
        ("c1", "2011-01-05", "annual", "Bonn", "Germany", "2011-11"),
        ("c1", "2011-01-05", "none", "Bonn", "Germany", "2011-10"),
    ]
