"""Recency, frequency and monetary value as quintiles of the customers who ordered in the year before the snapshot."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.features.rfm_cuts import CUT_SHARES, RFM_MEASURES
from jobs.features.table import YEAR_DAYS
from jobs.features.windows import money_where, within


def quintile_cuts(days_by_snapshot: DataFrame) -> DataFrame:
    """One row per snapshot: the four exact quantiles between the quintiles of each measure.

    Cuts instead of ranks: customers with equal values get equal scores, whatever the order of the rows.
    """
    buyers = (
        days_by_snapshot.where(within(YEAR_DAYS))
        .groupBy("as_of", "customer_id")
        .agg(
            F.min(F.when(F.col("orders") > F.lit(0), F.col("age_days"))).alias("recency_days"),
            F.sum("orders").alias("orders_365d"),
            money_where(F.lit(True), "net_value").cast("double").alias("net_value_365d"),
        )
        .where(F.col("orders_365d") > F.lit(0))
    )
    return buyers.groupBy("as_of").agg(
        *(F.percentile(name, list(CUT_SHARES)).alias(f"{name}_cuts") for name in RFM_MEASURES),
    )


def columns() -> Mapping[str, Column]:
    """Scores from 1 to 5 (best); 0 without an order in the year."""
    recency, orders, net_value = (_cuts_below(name) for name in RFM_MEASURES)
    scores = {
        "rfm_recency": F.lit(len(CUT_SHARES) + 1) - recency,
        "rfm_frequency": F.lit(1) + orders,
        "rfm_monetary": F.lit(1) + net_value,
    }
    return {name: F.when(F.col("orders_365d") > F.lit(0), score).otherwise(F.lit(0)) for name, score in scores.items()}


def _cuts_below(measure: str) -> Column:
    value = F.col(measure).cast("double")
    return F.size(F.filter(F.col(f"{measure}_cuts"), lambda cut: cut < value))
