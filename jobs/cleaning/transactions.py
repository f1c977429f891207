"""Order lines: delivered columns → clean columns, and the reasons why a line is rejected."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.cleaning.filing import delivered, is_malformed, period, time_reasons
from jobs.cleaning.margin import margin_reasons
from jobs.cleaning.parsing import identifier, is_unusable_id, money, present, time
from jobs.core.month import Month
from jobs.lake.tables import MONEY, UNKNOWN_DEPARTMENT
from jobs.sources.mapping import Source


def transactions(rows: DataFrame, source: Source, *, first: Month, last: Month) -> DataFrame:
    """Delivered rows with the columns of the transactions table, `unit_price` and `month`.

    The value and the units of a return are negative. A line without an order id belongs to the order that its customer
    placed at the same second.
    """
    columns = source.transactions
    typed = rows.select(
        "*",
        identifier(delivered(columns.customer_id), source).alias("customer_id"),
        identifier(delivered(columns.order_id), source).alias("own_order_id"),
        time(delivered(columns.ordered_at), source).alias("ordered_at"),
        identifier(delivered(columns.product_id), source).alias("product_id"),
        present(delivered(columns.department)).alias("department"),
        money(delivered(columns.units)).alias("unsigned_units"),
        money(delivered(columns.unit_price)).alias("unit_price"),
        money(delivered(columns.amount)).alias("amount"),
    )
    moment = F.concat_ws("@", "customer_id", F.date_format("ordered_at", "yyyy-MM-dd'T'HH:mm:ss"))
    valued = typed.withColumn("net_value", _net_value(source)).withColumns(
        {
            "month": period(F.col("ordered_at"), first, last),
            "order_id": F.coalesce("own_order_id", moment),
            "is_return": F.col("net_value") < 0,
        }
    )
    units = F.abs("unsigned_units")
    return valued.withColumn("units", F.when(F.col("is_return"), -units).otherwise(units))


def transaction_reasons(source: Source) -> dict[str, Column]:
    """Reasons to reject a line by its own values; `jobs.cleaning.quarantine` flags repeated lines."""
    columns = source.transactions
    return {
        "malformed_row": is_malformed(),
        **time_reasons("ordered_at"),
        "missing_customer": F.col("customer_id").isNull() & ~is_malformed(),
        "unusable_id": is_unusable_id("customer_id", "order_id", "product_id"),
        **_value_reasons(columns.amount, columns.units, columns.unit_price),
        "zero_value": F.col("net_value") == 0,
        **margin_reasons(source),
        **{rule.reason: F.expr(rule.when) for rule in source.rules},
    }


def add_department(rows: DataFrame, products: DataFrame, lists: Mapping[Month, Month]) -> DataFrame:
    """Fill missing departments from the month's list of products, else with 'unknown'.

    Args:
        rows: typed order lines with their `month`.
        products: lists of products with their `month`; unique by `product_id` and `month`.
        lists: month of the lines → month of the list that it uses.
    """
    months = [F.lit(str(month)) for pair in sorted(lists.items()) for month in pair]
    list_month = F.create_map(*months)[F.col("month")] if months else F.lit(None).cast("string")
    departments = products.select(
        "product_id", F.col("month").alias("list_month"), F.col("department").alias("product_department")
    )
    joined = rows.withColumn("list_month", list_month).join(departments, ["product_id", "list_month"], how="left")
    department = F.coalesce("department", "product_department", F.lit(UNKNOWN_DEPARTMENT))
    return joined.withColumn("department", department).drop("product_department", "list_month")


def _net_value(source: Source) -> Column:
    value = F.col("amount")
    if source.transactions.amount is None:
        value = F.try_multiply("unsigned_units", "unit_price").try_cast(MONEY)
    if source.returns is None:
        return value
    return F.when(F.expr(source.returns), -F.abs(value)).otherwise(value)


def _value_reasons(amount: str | None, units: str | None, unit_price: str | None) -> dict[str, Column]:
    """Units, prices and amounts that are unreadable, or missing although the net value depends on them."""
    is_row, no_value = ~is_malformed(), F.col("net_value").isNull()
    no_units, no_price = F.col("unsigned_units").isNull(), F.col("unit_price").isNull()
    if amount is None:
        return {
            "unreadable_units": no_units & is_row,
            "unreadable_price": no_price & is_row,
            "unreadable_amount": no_value & ~no_units & ~no_price,
        }
    return {
        "unreadable_units": no_units & present(delivered(units)).isNotNull(),
        "unreadable_price": no_price & present(delivered(unit_price)).isNotNull(),
        "unreadable_amount": no_value & is_row,
    }
