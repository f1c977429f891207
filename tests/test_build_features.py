from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from jobs.build_features import build_daily, build_features
from jobs.feature_table import features
from jobs.lake import Lake
from jobs.month import Month
from jobs.spark import write_periods
from jobs.tables import CUSTOMERS, DAILY, SESSIONS, TRANSACTIONS, Table
from tests.transforms.random_shop import FIRST_MONTH, random_shop, spark_frame

MONTHS = FIRST_MONTH.through(FIRST_MONTH.plus(4))
AS_OFS = [month.as_of for month in MONTHS]
FEATURES = features(())


@dataclass(frozen=True)
class Shop:
    """A lake with five months of clean tables, and what builds on it."""

    spark: SparkSession
    lake: Lake

    def write(self, table: Table, rows: pd.DataFrame, months: list[Month]) -> None:
        asked = rows[rows["month"].isin([str(month) for month in months])]
        write_periods(spark_frame(self.spark, asked, table), self.lake, table, {month: {} for month in months})

    def run(self, as_of: date) -> tuple[list[str], list[str]]:
        """Build everything for a run; the months and the snapshots that were written."""
        days = build_daily(self.spark, self.lake, as_of=as_of)
        snapshots = build_features(self.spark, self.lake, (), as_of=as_of)
        return list(map(str, days)), list(map(str, snapshots))

    def fingerprints(self) -> dict[str, str]:
        return {text: self.lake.record(FEATURES, date.fromisoformat(text)).fingerprint for text in self.periods()}

    def periods(self) -> list[str]:
        return self.lake.periods(FEATURES)


def shop_with_clean_tables(spark: SparkSession, folder: Path) -> Shop:
    shop, rows = Shop(spark, Lake(folder)), random_shop()
    shop.write(TRANSACTIONS, rows.lines, MONTHS)
    shop.write(SESSIONS, rows.sessions, MONTHS[3:])
    shop.write(CUSTOMERS, rows.customers.assign(month=str(MONTHS[2])), MONTHS[2:3])
    return shop


@pytest.fixture(scope="module")
def caught_up(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop whose first run was for its last month."""
    shop = shop_with_clean_tables(spark, tmp_path_factory.mktemp("caught_up"))
    shop.run(AS_OFS[-1])
    return shop


def test_months_run_one_after_the_other_and_months_caught_up_hold_the_same(
    caught_up: Shop, spark: SparkSession, tmp_path: Path
) -> None:
    monthly = shop_with_clean_tables(spark, tmp_path)
    monthly.run(AS_OFS[2])
    assert monthly.run(AS_OFS[3]) == (["2024-02"], ["2024-03-01"])
    assert monthly.run(AS_OFS[4]) == (["2024-03"], ["2024-04-01"])
    assert monthly.fingerprints() == caught_up.fingerprints()


def test_a_second_run_of_any_month_writes_nothing(caught_up: Shop) -> None:
    assert [caught_up.run(as_of) for as_of in AS_OFS] == [([], [])] * len(AS_OFS)


def test_a_restated_month_is_rebuilt_with_every_snapshot_after_it_up_to_the_run(
    spark: SparkSession, tmp_path: Path, caught_up: Shop
) -> None:
    shop = shop_with_clean_tables(spark, tmp_path)
    shop.run(AS_OFS[3])
    lines = random_shop().lines
    restated = lines[lines["month"] == str(MONTHS[1])].iloc[1:]
    shop.write(TRANSACTIONS, restated, MONTHS[1:2])
    assert shop.run(AS_OFS[2]) == ([str(MONTHS[1])], [str(as_of) for as_of in AS_OFS[1:3]])
    before, now = caught_up.fingerprints(), shop.fingerprints()
    assert [as_of for as_of, fingerprint in now.items() if fingerprint == before[as_of]] == ["2023-12-01", "2024-03-01"]


def test_every_daily_month_adds_up_to_its_lines(caught_up: Shop) -> None:
    for month in MONTHS:
        days = caught_up.lake.record(DAILY, month).sums
        lines = caught_up.lake.record(TRANSACTIONS, month).sums
        twice = {name: 2 * float(lines[name]) for name in ("net_value", "units")}  # per department, and over all
        assert {name: float(days[name]) for name in twice} == twice
