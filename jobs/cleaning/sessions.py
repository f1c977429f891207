"""Logins: delivered columns → clean columns, and the reasons why a login is rejected."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.cleaning.filing import delivered, is_malformed, period, time_reasons
from jobs.cleaning.parsing import identifier, is_unusable_id, time
from jobs.core.month import Month
from jobs.sources.mapping import SessionColumns, Source


def sessions(rows: DataFrame, columns: SessionColumns, source: Source, *, first: Month, last: Month) -> DataFrame:
    """Delivered rows with the columns of the sessions table and `month`."""
    typed = rows.select(
        "*",
        identifier(delivered(columns.customer_id), source).alias("customer_id"),
        time(delivered(columns.logged_in_at), source).alias("logged_in_at"),
    )
    return typed.withColumn("month", period(F.col("logged_in_at"), first, last))


def session_reasons() -> dict[str, Column]:
    """Reasons to reject a login by its own values."""
    return {
        "malformed_row": is_malformed(),
        **time_reasons("logged_in_at"),
        "missing_customer": F.col("customer_id").isNull() & ~is_malformed(),
        "unusable_id": is_unusable_id("customer_id"),
    }
