"""Histories of simulated and of real shops: one customer's path and the batch give the same, to the last bit."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from jobs.cleaning.rows import Delivered, clean_transactions
from jobs.core.month import Month
from jobs.lake.frames import read_periods
from jobs.lake.lake import Lake
from jobs.lake.tables import PRODUCTS, TRANSACTIONS
from jobs.simulation.deliveries import Shop
from jobs.simulation.shop import simulate
from jobs.sources import load
from jobs.sources.mapping import Source, TransactionColumns
from tests.features.single.both_paths import Comparison, compared_in_lake
from tests.ingesting import ingest_all

COMPLETE_JOURNEY = Source(
    name="The Complete Journey",
    currency="USD",
    transactions=TransactionColumns(
        customer_id="household_id",
        ordered_at="transaction_timestamp",
        amount="sales_value",
        units="quantity",
        order_id="basket_id",
        product_id="product_id",
        department="department",
    ),
    departments=("GROCERY", "DRUG GM", "PRODUCE", "MEAT"),
)


def check(found: dict[date, Comparison], customers: list[int] | None = None) -> None:
    for as_of, comparison in found.items():
        print(f"{as_of}: {comparison.customers} customers x {comparison.columns} columns")  # noqa: T201 - for the report
        assert comparison.differences == []
    if customers is not None:
        assert [comparison.customers for comparison in found.values()] == customers


@pytest.mark.long
def test_the_simulated_shop_from_its_raw_rows(spark: SparkSession, tmp_path: Path) -> None:
    landing, lake, source = tmp_path / "landing", Lake(str(tmp_path / "lake")), load("simulated_shop")
    simulate(Shop(customers=300, months=15, seed=4, end=Month(2012, 2)), landing)
    ingest_all(spark, source, landing, lake, date(2012, 3, 1))
    listed = read_periods(spark, lake, PRODUCTS, [Month.parse(text) for text in lake.periods(PRODUCTS)]).collect()
    products: dict[Month, dict[str, str]] = {}
    for article in listed:
        products.setdefault(Month.parse(article.month), {})[article.product_id] = article.department
    lines = []
    for text in lake.periods(TRANSACTIONS):
        month = Month.parse(text)
        files = sorted((landing / "transactions" / f"month={month}").glob("*.csv*"))
        rows = pd.concat([pd.read_csv(file, dtype=str, on_bad_lines="skip") for file in files])
        records = [
            {str(name): text if isinstance(text, str) else None for name, text in row.items()}
            for row in rows.to_dict("records")
        ]
        delivered = Delivered(first=month, last=month, month=month, products=products)
        lines += clean_transactions(records, source, delivered).lines
    frame = pd.DataFrame(lines, columns=TRANSACTIONS.names)
    assert len(frame) == sum(lake.record(TRANSACTIONS, Month.parse(text)).rows for text in lake.periods(TRANSACTIONS))
    check(compared_in_lake(spark, lake, source.departments, [date(2012, 2, 1), date(2012, 3, 1)], frame))


@pytest.mark.long
def test_online_retail_ii(spark: SparkSession, online_retail_ii: Path, tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    ingest_all(spark, load("online_retail_ii"), online_retail_ii, lake, date(2011, 12, 1))
    check(compared_in_lake(spark, lake, (), [date(2010, 12, 1), date(2011, 12, 1)]))


@pytest.mark.long
def test_complete_journey_from_its_raw_rows(spark: SparkSession, complete_journey: Path, tmp_path: Path) -> None:
    landing, lake, source = tmp_path / "journey.parquet", Lake(str(tmp_path / "lake")), COMPLETE_JOURNEY
    products = pd.read_parquet(complete_journey.with_name("completejourney_products.parquet"))
    rows = pd.read_parquet(complete_journey).merge(products[["product_id", "department"]], on="product_id", how="left")
    rows.to_parquet(landing)
    ingest_all(spark, source, landing, lake, date(2018, 1, 1))
    rows["transaction_timestamp"] = rows["transaction_timestamp"].astype(str)
    rows["department"] = [name if isinstance(name, str) else None for name in rows["department"]]
    delivered = Delivered(first=Month(2017, 1), last=Month(2017, 12), products={})
    cleaned = clean_transactions(rows.to_dict("records"), source, delivered)
    frame = pd.DataFrame(cleaned.lines, columns=TRANSACTIONS.names)
    assert len(frame) == sum(lake.record(TRANSACTIONS, Month.parse(text)).rows for text in lake.periods(TRANSACTIONS))
    check(compared_in_lake(spark, lake, source.departments, [date(2018, 1, 1)], frame))
