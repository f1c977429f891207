from __future__ import annotations

from datetime import date

from pyspark.sql import SparkSession
from pyspark.testing import assertDataFrameEqual

from jobs.core.month import Month
from jobs.features.profile import profiles_by_snapshot
from jobs.lake.tables import CUSTOMERS


def test_each_snapshot_reads_its_own_delivery_and_nobody_who_signs_up_later(spark: SparkSession) -> None:
    customers = spark.createDataFrame(
        [
            ("a", date(2024, 1, 31), "none", "Lyon", "FR", "2024-02"),
            ("b", date(2024, 2, 1), "none", "Lyon", "FR", "2024-02"),
            ("a", date(2024, 1, 31), "annual", "Nice", "FR", "2024-03"),
        ],
        f"{CUSTOMERS.ddl}, month string",
    )
    snapshots = {
        Month(2024, 2): [date(2024, 2, 1), date(2024, 3, 1)],
        Month(2024, 3): [date(2024, 4, 1)],
    }
    expected = spark.createDataFrame(
        [
            (date(2024, 2, 1), "a", date(2024, 1, 31), "none", "Lyon", "FR"),
            (date(2024, 3, 1), "a", date(2024, 1, 31), "none", "Lyon", "FR"),
            (date(2024, 3, 1), "b", date(2024, 2, 1), "none", "Lyon", "FR"),
            (date(2024, 4, 1), "a", date(2024, 1, 31), "annual", "Nice", "FR"),
        ],
        "as_of date, customer_id string, signup_on date, membership string, city string, country string",
    )
    assertDataFrameEqual(profiles_by_snapshot(customers, snapshots=snapshots), expected)
