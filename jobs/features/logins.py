"""Login features: number of logins and days since the last one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.features.table import LOGIN_RECENCY_DAYS, LOGIN_WINDOW_DAYS


def logins_by_snapshot(sessions: DataFrame, *, first: date, last: date) -> DataFrame:
    """Logins per snapshot and customer, for customers with a login in the last `LOGIN_RECENCY_DAYS` days."""
    earliest = F.greatest(F.add_months(F.trunc("day", "month"), 1), F.lit(first))
    latest = F.least(F.trunc(F.date_add("day", LOGIN_RECENCY_DAYS), "month"), F.lit(last))
    return (
        sessions.select("customer_id", F.to_date("logged_in_at").alias("day"))
        .where(earliest <= latest)
        .withColumn("as_of", F.explode(F.sequence(earliest, latest, F.expr("interval 1 month"))))
        .withColumn("age_days", F.date_diff("as_of", "day"))
        .groupBy("as_of", "customer_id")
        .agg(
            *(F.count_if(F.col("age_days") <= F.lit(days)).alias(f"logins_{days}d") for days in LOGIN_WINDOW_DAYS),
            F.min("age_days").alias("days_since_last_login"),
        )
    )


def columns(delivered: Collection[date]) -> Mapping[str, Column]:
    """The number of logins: 0 without one, null in snapshots whose data month has no delivery of sessions.

    Args:
        delivered: the snapshots for whose data month sessions were delivered.
    """
    is_delivered = F.col("as_of").isin(list(delivered))
    return {
        f"logins_{days}d": F.when(is_delivered, F.coalesce(f"logins_{days}d", F.lit(0))) for days in LOGIN_WINDOW_DAYS
    }
