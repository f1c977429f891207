"""Assign delivered rows to months, and find implausible times.

A delivered row has the columns `source_file`, `delivery_month` (the month of its folder; NULL for files that may hold
any month), `malformed_line` (the text of a line whose fields do not match the header, else NULL) and `delivered`, a
struct of every delivered column as text.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.core.month import Month


def is_malformed() -> Column:
    """Whether the fields of a CSV line do not match its header."""
    return F.col("malformed_line").isNotNull()


def delivered(column: str | None) -> Column:
    """A delivered column, as text; NULL if the mapping names none."""
    if column is None:
        return F.lit(None).cast("string")
    return F.col("delivered").getField(column)


def content() -> Column:
    """The row as delivered, as a JSON object."""
    return F.when(is_malformed(), F.to_json(F.struct("malformed_line"))).otherwise(F.to_json("delivered"))


def month_of(time: Column) -> Column:
    """The calendar month of a time, as `YYYY-MM`."""
    return F.date_format(time, "yyyy-MM")


def period(time: Column, first: Month, last: Month) -> Column:
    """The month a row is assigned to: its folder's, else its time's if within the delivery, else the first."""
    own = F.when(month_of(time).between(str(first), str(last)), month_of(time))
    return F.coalesce("delivery_month", own, F.lit(str(first)))


def time_reasons(time: str) -> dict[str, Column]:
    """Reasons to reject a row because of its time; requires the column `month`."""
    is_outside = F.col(time).isNotNull() & (month_of(F.col(time)) != F.col("month"))
    return {
        "unreadable_time": F.col(time).isNull() & ~is_malformed(),
        "outside_delivery_month": is_outside & F.col("delivery_month").isNotNull(),
        "implausible_time": is_outside & F.col("delivery_month").isNull(),
    }
