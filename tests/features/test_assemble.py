from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.core.month import Month
from jobs.features.assemble import build_snapshots
from jobs.features.daily import daily
from jobs.features.histories import FrameInputs
from jobs.features.table import features
from jobs.lake.tables import CUSTOMERS, SESSIONS, TRANSACTIONS
from tests.features import customer_by_customer
from tests.features.random_shop import (
    DEPARTMENTS,
    EMPTY_MONTH,
    FIRST_MONTH,
    LAST_MONTH,
    LISTED,
    Shop,
    random_shop,
    spark_frame,
)

FEATURES = features(DEPARTMENTS)
AS_OFS = [month.as_of for month in FIRST_MONTH.through(LAST_MONTH)]
AFTER_A_YEAR = date(2025, 1, 1)


@pytest.fixture(scope="module")
def shop() -> Shop:
    return random_shop()


@pytest.fixture(scope="module")
def inputs(spark: SparkSession, shop: Shop) -> FrameInputs:
    """Everything that all snapshots of the shop are made from."""
    logged_in = set(shop.sessions["month"])
    return FrameInputs(
        daily=daily(spark_frame(spark, shop.lines, TRANSACTIONS)).localCheckpoint(),
        previous=spark.createDataFrame([], f"{FEATURES.ddl}, as_of string"),
        customers=spark_frame(spark, shop.customers, CUSTOMERS),
        sessions=spark_frame(spark, shop.sessions, SESSIONS),
        lists=LISTED,
        snapshots_with_sessions=[as_of for as_of in AS_OFS if str(Month.before(as_of)) in logged_in],
    )


@pytest.fixture(scope="module")
def at_once(inputs: FrameInputs) -> DataFrame:
    """All snapshots, built in one pass."""
    return build_snapshots(inputs, first=AS_OFS[0], last=AS_OFS[-1], departments=DEPARTMENTS).localCheckpoint()


@pytest.fixture
def five_shuffle_partitions(spark: SparkSession) -> Iterator[None]:
    key = "spark.sql.shuffle.partitions"
    before = spark.conf.get(key)
    spark.conf.set(key, "5")
    yield
    spark.conf.set(key, before)


def rows(frame: DataFrame, as_ofs: Sequence[date]) -> pd.DataFrame:
    actual = frame.where(F.col("as_of").isin([str(as_of) for as_of in as_ofs]))
    return actual.toPandas().sort_values(["as_of", "customer_id"], ignore_index=True)


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows with their numbers as float64, and one and the same null everywhere else."""
    types = {column.name: column.type for column in FEATURES.columns}
    return frame.apply(
        lambda column: (
            column.astype("float64")
            if types.get(column.name) == "double"
            else column.astype(object).where(column.notna(), None)
        )
    )


def inputs_of_one_run(inputs: FrameInputs, at_once: DataFrame, as_of: date) -> FrameInputs:
    """What a monthly run reads: twelve daily months, the snapshot before, nothing from as_of on."""
    months = [str(Month.of(as_of).plus(-lag)) for lag in range(1, 13)]
    return replace(
        inputs,
        daily=inputs.daily.where(F.col("month").isin(months)),
        previous=at_once.where(F.col("as_of") == F.lit(str(Month.before(as_of).first_day))),
        sessions=inputs.sessions.where(F.col("month").isin(months[:4])),
    )


def test_every_snapshot_is_what_all_history_before_it_says(at_once: DataFrame, shop: Shop) -> None:
    as_ofs = [AS_OFS[0], date(2024, 2, 1), EMPTY_MONTH.as_of, AS_OFS[-1]]
    expected = customer_by_customer.snapshots(shop, as_ofs, DEPARTMENTS)
    assert_frame_equal(plain(rows(at_once, as_ofs)), plain(expected), check_exact=True)


def test_a_snapshot_continues_from_the_one_before_and_sees_nothing_of_later_months(
    inputs: FrameInputs, at_once: DataFrame
) -> None:
    one_run = inputs_of_one_run(inputs, at_once, AFTER_A_YEAR)
    built = build_snapshots(one_run, first=AFTER_A_YEAR, last=AFTER_A_YEAR, departments=DEPARTMENTS)
    assert_frame_equal(rows(built, [AFTER_A_YEAR]), rows(at_once, [AFTER_A_YEAR]), check_exact=True)


@pytest.mark.usefixtures("five_shuffle_partitions")
def test_order_and_partitions_of_the_rows_change_nothing(inputs: FrameInputs, at_once: DataFrame) -> None:
    one_run = inputs_of_one_run(inputs, at_once, AFTER_A_YEAR)
    shuffled = replace(one_run, daily=one_run.daily.repartition(7).sortWithinPartitions(F.desc("net_value")))
    built = build_snapshots(shuffled, first=AFTER_A_YEAR, last=AFTER_A_YEAR, departments=DEPARTMENTS)
    assert_frame_equal(rows(built, [AFTER_A_YEAR]), rows(at_once, [AFTER_A_YEAR]), check_exact=True)


def test_every_known_customer_has_one_row(at_once: DataFrame) -> None:
    keys = at_once.select("as_of", "customer_id").toPandas()
    known = keys.groupby("customer_id")["as_of"].agg(["min", "count"])
    assert not keys.duplicated().any()
    assert known.loc["never bought"].tolist() == ["2024-02-01", 14]
    assert known.loc["never bought 2"].tolist() == ["2024-03-01", 13]
    assert known.loc["once, long ago"].tolist() == ["2023-12-01", 16]
    assert known.loc["returns only"].tolist() == ["2024-04-01", 12]
    assert "signs up later" not in known.index
    assert "a visitor" not in known.index


def test_equal_customers_have_equal_scores(at_once: DataFrame) -> None:
    ties = rows(at_once, [date(2024, 5, 1)]).query("customer_id.str.startswith('tie')")
    assert len(ties) == 6
    assert len(ties[["rfm_recency", "rfm_frequency", "rfm_monetary"]].drop_duplicates()) == 1
