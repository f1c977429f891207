"""Products: delivered columns → clean columns, and the reasons why a product is rejected."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.cleaning.filing import delivered, is_malformed
from jobs.cleaning.parsing import identifier, is_unusable_id, present
from jobs.sources.mapping import ProductColumns, Source


def products(rows: DataFrame, columns: ProductColumns, source: Source) -> DataFrame:
    """Delivered rows with the columns of the products table and the `month` of their list."""
    return rows.select(
        "*",
        identifier(delivered(columns.product_id), source).alias("product_id"),
        present(delivered(columns.department)).alias("department"),
        F.col("delivery_month").alias("month"),
    )


def product_reasons() -> dict[str, Column]:
    """Reasons to reject a product by its own values."""
    return {
        "malformed_row": is_malformed(),
        "missing_product": F.col("product_id").isNull() & ~is_malformed(),
        "unusable_id": is_unusable_id("product_id"),
        "missing_department": F.col("department").isNull() & ~is_malformed(),
    }
