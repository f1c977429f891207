from __future__ import annotations

from datetime import date

from pyspark.sql import SparkSession
from pyspark.testing import assertDataFrameEqual

from jobs.core.month import Month
from jobs.features.profile import profiles_by_snapshot
from jobs.lake.tables import CUSTOMERS


def test_each_snapshot_reads_the_newest_list_before_it_and_nobody_who_signs_up_later(spark: SparkSession) -> None:
    customers = spark.createDataFrame(
        [
            ("a", date(2024, 1, 31), "none", "Lyon", "FR", "2024-02"),
            ("b", date(2024, 2, 1), "none", "Lyon", "FR", "2024-02"),
            ("a", date(2024, 1, 31), "annual", "Nice", "FR", "2024-03"),
        ],
        f"{CUSTOMERS.ddl}, month string",
    )
    expected = spark.createDataFrame(
        [
            (date(2024, 3, 1), "a", date(2024, 1, 31), "none", "Lyon", "FR"),
            (date(2024, 3, 1), "b", date(2024, 2, 1), "none", "Lyon", "FR"),
            (date(2024, 4, 1), "a", date(2024, 1, 31), "annual", "Nice", "FR"),
            (date(2024, 5, 1), "a", date(2024, 1, 31), "annual", "Nice", "FR"),
        ],
        "as_of date, customer_id string, signup_on date, membership string, city string, country string",
    )
    lists, span = [Month(2024, 2), Month(2024, 3)], {"first": date(2024, 1, 1), "last": date(2024, 5, 1)}
    assertDataFrameEqual(profiles_by_snapshot(customers, lists, **span), expected)
