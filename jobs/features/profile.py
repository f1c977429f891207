"""The customers known at a snapshot, and their attributes in the customer list at that time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.core.month import Month
from jobs.lake.tables import ALL_DEPARTMENTS

PROFILE = ("signup_on", "membership", "city", "country")


def list_of(as_of: date, lists: Collection[Month]) -> Month | None:
    """The month of the newest customer list from before a snapshot; None before the first list."""
    return max((month for month in lists if month.as_of <= as_of), default=None)


def profiles_by_snapshot(customers: DataFrame, lists: Collection[Month], *, first: date, last: date) -> DataFrame:
    """The customer list at each snapshot from `first` to `last`: customers who signed up before `as_of`.

    Args:
        customers: the customers table with its `month`, the month of the list.
        lists: the months of the lists in it.
        first: the first snapshot.
        last: the last snapshot.
    """
    as_ofs = [month.first_day for month in Month.of(first).through(Month.of(last))]
    snapshots: defaultdict[Month, list[date]] = defaultdict(list)
    for as_of in as_ofs:
        listed = list_of(as_of, lists)
        if listed is not None:
            snapshots[listed].append(as_of)
    if not snapshots:
        return customers.select(F.lit(None).cast("date").alias("as_of"), "customer_id", *PROFILE).limit(0)
    pairs = [(F.lit(str(month)), F.array(*map(F.lit, as_ofs))) for month, as_ofs in snapshots.items()]
    as_ofs_of_month = F.create_map(*(part for pair in pairs for part in pair))
    return (
        customers.withColumn("as_of", F.explode(as_ofs_of_month[F.col("month")]))
        .where(F.col("signup_on") < F.col("as_of"))
        .select("as_of", "customer_id", *PROFILE)
    )


def buyers_by_snapshot(daily: DataFrame, previous: DataFrame, *, first: date, last: date) -> DataFrame:
    """Customers with a transaction before `as_of`, for each snapshot from `first` to `last`: `as_of`, `customer_id`.

    Buyers from before the first daily row are taken from the previous snapshot.
    """
    bought_before = previous.where(_has_transactions()).select("customer_id", F.lit(first).alias("known_from"))
    bought_since = daily.where(F.col("department") == F.lit(ALL_DEPARTMENTS)).select(
        "customer_id",
        F.greatest(F.add_months(F.trunc("ordered_on", "month"), 1), F.lit(first)).alias("known_from"),
    )
    return (
        bought_since.unionByName(bought_before)
        .groupBy("customer_id")
        .agg(F.min("known_from").alias("known_from"))
        .where(F.col("known_from") <= F.lit(last))
        .select(
            F.explode(F.sequence("known_from", F.lit(last), F.expr("interval 1 month"))).alias("as_of"), "customer_id"
        )
    )


def _has_transactions() -> Column:
    return (F.col("orders_lifetime") > F.lit(0)) | (F.col("return_orders_lifetime") > F.lit(0))
