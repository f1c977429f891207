"""Which month a delivered row belongs to, and which of its times cannot be true.

A delivered row has the columns `source_file`, `delivery_month` (of its folder; NULL in files that hold any month),
`malformed_line` (the text of a line that does not have the header's fields, else NULL) and `delivered`, a struct of
every delivered column as text.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from jobs.core.month import Month


def is_malformed() -> Column:
    """Whether a CSV line did not have the fields of its header."""
    return F.col("malformed_line").isNotNull()


def delivered(column: str | None) -> Column:
    """A delivered column, as text; NULL where the mapping names none."""
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
    """The month a row is filed under: of its folder, or its own; that of the delivery's start where it has no own."""
    own = F.when(month_of(time).between(str(first), str(last)), month_of(time))
    return F.coalesce("delivery_month", own, F.lit(str(first)))


def time_reasons(time: str) -> dict[str, Column]:
    """Reasons to reject a row for its time; needs `month`."""
    strays = F.col(time).isNotNull() & (month_of(F.col(time)) != F.col("month"))
    return {
        "unreadable_time": F.col(time).isNull() & ~is_malformed(),
        "outside_delivery_month": strays & F.col("delivery_month").isNotNull(),
        "implausible_time": strays & F.col("delivery_month").isNull(),
    }
