"""A shop that restricts its population: its features are those of a shop that has no other customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from jobs.core.month import Month
from jobs.features.build import build_daily, build_features, lines_that_count
from jobs.features.population import PopulationError, list_read
from jobs.features.table import features
from jobs.lake.frames import read_periods, write_periods
from jobs.lake.lake import Lake
from jobs.lake.tables import CUSTOMERS, SESSIONS, TRANSACTIONS, Table
from tests.features.random_shop import LISTED, Shop, random_shop, spark_frame

MONTHS = [LISTED[1], LISTED[1].plus(1)]
AS_OF = MONTHS[-1].as_of
FRENCH = "country = 'FR' AND customer_id <> 'c02'"


def deliver(spark: SparkSession, root: Path, shop: Shop, lists: Sequence[Month] = (LISTED[1],)) -> Lake:
    """A lake with the clean tables of two months."""
    lake = Lake(str(root))

    def write(table: Table, rows: pd.DataFrame, months: Sequence[Month]) -> None:
        chosen = rows[rows["month"].isin([str(month) for month in months])]
        write_periods(spark_frame(spark, chosen, table), lake, table, {month: {} for month in months})

    write(TRANSACTIONS, shop.lines, MONTHS)
    write(SESSIONS, shop.sessions, MONTHS)
    write(CUSTOMERS, shop.customers, lists)
    return lake


def built(spark: SparkSession, lake: Lake, customers_where: str | None = None) -> pd.DataFrame:
    """The snapshots of both months."""
    build_daily(spark, lake, as_of=AS_OF, customers_where=customers_where)
    build_features(spark, lake, (), as_of=AS_OF, customers_where=customers_where)
    frame = read_periods(spark, lake, features(()), [month.as_of for month in MONTHS]).toPandas()
    return frame.sort_values(["as_of", "customer_id"], ignore_index=True)


def only(shop: Shop, customers: Sequence[str]) -> Shop:
    frames = {name: getattr(shop, name) for name in ("lines", "customers", "sessions")}
    return replace(shop, **{name: frame[frame["customer_id"].isin(customers)] for name, frame in frames.items()})


def buyers(spark: SparkSession, lake: Lake, customers_where: str) -> dict[str, set[str]]:
    """Whose order lines count, by month."""
    lines = lines_that_count(spark, lake, MONTHS, customers_where).select("month", "customer_id").toPandas()
    return {str(month): set(lines.loc[lines["month"] == str(month), "customer_id"]) for month in MONTHS}


def test_features_are_those_of_a_shop_without_the_other_customers(spark: SparkSession, tmp_path: Path) -> None:
    shop = random_shop()
    listed = shop.customers[shop.customers["month"] == str(LISTED[1])]
    inside = listed.loc[(listed["country"] == "FR") & (listed["customer_id"] != "c02"), "customer_id"].tolist()
    ours = built(spark, deliver(spark, tmp_path / "restricted", shop), FRENCH)
    pd.testing.assert_frame_equal(ours, built(spark, deliver(spark, tmp_path / "alone", only(shop, inside))))
    assert "never bought" in set(ours["customer_id"]) < set(inside)


def test_an_order_counts_by_the_list_of_its_month(spark: SparkSession, tmp_path: Path) -> None:
    customers = random_shop().lines["customer_id"].unique()
    lists = [
        pd.DataFrame({"customer_id": customers, "country": country, "month": str(month)})
        for month, country in zip(MONTHS, ("FR", "DE"), strict=True)
    ]
    rows = pd.concat(lists).assign(signup_on=LISTED[0].first_day, membership="none", city=None)
    shop = replace(random_shop(), customers=rows[[*CUSTOMERS.names, "month"]])
    lake = deliver(spark, tmp_path, shop, MONTHS)
    bought = {str(month): set(shop.lines.loc[shop.lines["month"] == str(month), "customer_id"]) for month in MONTHS}
    assert buyers(spark, lake, "country = 'FR'") == {str(MONTHS[0]): bought[str(MONTHS[0])], str(MONTHS[1]): set()}


def test_the_list_of_a_month_is_the_newest_up_to_it_or_the_first() -> None:
    lists = [Month(2024, 3), Month(2024, 6)]
    months = Month(2024, 2).through(Month(2024, 7))
    assert [list_read(month, lists) for month in months] == [*[lists[0]] * 4, *[lists[1]] * 2]
    assert list_read(Month(2024, 1), []) is None


def test_without_a_list_a_predicate_can_read_the_id_alone(spark: SparkSession, tmp_path: Path) -> None:
    lake = deliver(spark, tmp_path, random_shop(), [])
    found = buyers(spark, lake, "customer_id LIKE 'c0%'")
    assert any(found.values())
    assert all(customer.startswith("c0") for month in found.values() for customer in month)
    assert not any(buyers(spark, lake, "country = 'FR'").values())


@pytest.mark.parametrize("where", ["countr = 'FR'", "country = ", "country", "sum(1) > 0"])
def test_a_predicate_that_cannot_be_read_is_refused_with_the_columns_it_may_use(
    spark: SparkSession, tmp_path: Path, where: str
) -> None:
    with pytest.raises(PopulationError, match=r"customers_where .* cannot be read .* customer_id, signup_on"):
        lines_that_count(spark, deliver(spark, tmp_path, random_shop()), MONTHS, where)
