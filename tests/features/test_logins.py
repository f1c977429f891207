from __future__ import annotations

from datetime import UTC, date, datetime

from pyspark.sql import SparkSession
from pyspark.testing import assertDataFrameEqual

from jobs.features.logins import logins_by_snapshot
from jobs.lake.tables import SESSIONS


def test_a_login_counts_in_the_days_before_each_snapshot_that_looks_back_on_it(spark: SparkSession) -> None:
    moments = ["2024-03-31 23:59:59", "2024-03-25 00:00:00", "2024-03-24 12:00:00", "2024-03-02 00:00:00"]
    sessions = spark.createDataFrame(
        [("a", datetime.fromisoformat(at).replace(tzinfo=UTC)) for at in (*moments, "2024-04-01 00:00:00")],
        SESSIONS.ddl,
    )
    actual = logins_by_snapshot(sessions, first=date(2024, 4, 1), last=date(2024, 6, 1))
    expected = spark.createDataFrame(
        [
            (date(2024, 4, 1), "a", 2, 4, 1),
            (date(2024, 5, 1), "a", 0, 1, 30),
            (date(2024, 6, 1), "a", 0, 0, 61),
        ],
        "as_of date, customer_id string, logins_7d bigint, logins_30d bigint, days_since_last_login int",
    )
    assertDataFrameEqual(actual, expected)
