"""Customer accounts: delivered columns → clean columns, and the reasons why an account is rejected."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.cleaning.filing import delivered, is_malformed
from jobs.cleaning.parsing import identifier, is_unusable_id, present, time
from jobs.sources.mapping import CustomerColumns, Source

MEMBERSHIPS = ("none", "monthly", "annual")


def customers(rows: DataFrame, columns: CustomerColumns, source: Source) -> DataFrame:
    """Delivered rows with the columns of the customers table and the `month` of their list.

    A blank membership is 'none'.
    """
    membership = F.coalesce(F.lower(F.trim(present(delivered(columns.membership)))), F.lit(MEMBERSHIPS[0]))
    return rows.select(
        "*",
        identifier(delivered(columns.customer_id), source).alias("customer_id"),
        time(delivered(columns.signup_on), source).cast("date").alias("signup_on"),
        (membership if columns.membership else F.lit(None).cast("string")).alias("membership"),
        present(delivered(columns.city)).alias("city"),
        present(delivered(columns.country)).alias("country"),
        F.col("delivery_month").alias("month"),
    )


def customer_reasons() -> dict[str, Column]:
    """Reasons to reject an account by its own values."""
    return {
        "malformed_row": is_malformed(),
        "missing_customer": F.col("customer_id").isNull() & ~is_malformed(),
        "unusable_id": is_unusable_id("customer_id"),
        "unreadable_time": F.col("signup_on").isNull() & ~is_malformed(),
        "unknown_membership": ~F.col("membership").isin(*MEMBERSHIPS),
    }
