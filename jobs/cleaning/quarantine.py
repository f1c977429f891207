"""Flag, then split: a row with at least one reason goes to `rejected/`, every other row to `clean/`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.lake.tables import REJECTED_COLUMNS, Table

REJECTED_FOR = "rejected_for"

_BUCKETS = 4
"""Number of partitions per month in the search for repeated rows."""


class Split(NamedTuple):
    """The two halves of a flagged frame."""

    clean: DataFrame
    rejected: DataFrame


def flag(rows: DataFrame, reasons: Mapping[str, Column]) -> DataFrame:
    """Add the reasons whose condition is true to `rejected_for`, in the order given; NULL conditions do not count."""
    # Joined as text first: Spark compiles that, but interprets the lambda behind array_compact for every row.
    joined = F.concat_ws(",", *(F.when(condition, F.lit(reason)) for reason, condition in reasons.items()))
    reasons_of_row = F.when(joined == "", F.array().cast("array<string>")).otherwise(F.split(joined, ","))
    earlier = [F.col(REJECTED_FOR)] if REJECTED_FOR in rows.columns else []
    return rows.withColumn(REJECTED_FOR, F.concat(*earlier, reasons_of_row))


def is_rejected() -> Column:
    """Whether a flagged row has a reason."""
    return F.size(REJECTED_FOR) > 0


def flag_repeated_rows(rows: DataFrame, reason: str) -> DataFrame:
    """Flag repeated rows: those with the same delivered columns as an earlier row of the month, ordered by file.

    Repeated rows within one file are interchangeable, so the result does not depend on their order. A month's rows are
    shuffled to a few partitions, so that the writer creates few files a month without another shuffle.
    """
    same = ("delivered", "malformed_line")
    hashed = rows.withColumn("row_hash", F.xxhash64(*same)).withColumn("bucket", F.pmod("row_hash", F.lit(_BUCKETS)))
    gathered = hashed.repartition("month", "bucket")
    first_by_file = Window.partitionBy("row_hash", "bucket", "month", *same).orderBy("source_file")
    return flag(gathered, {reason: F.row_number().over(first_by_file) > 1})


def is_repeated_key(key: str, columns: Sequence[str]) -> Column:
    """Whether another row of the list with this key takes precedence: clean rows first, then by its columns.

    Columns that are not mapped do not count: a change of them changes nothing.
    """
    best = Window.partitionBy("month", key).orderBy(is_rejected(), *columns, "source_file")
    return F.col(key).isNotNull() & (F.row_number().over(best) > 1)


def split(flagged: DataFrame, table: Table) -> Split:
    """The clean rows with the table's columns, and the rejected ones; both keep the period key."""
    rejected_columns = [column.name for column in REJECTED_COLUMNS]
    return Split(
        clean=flagged.filter(~is_rejected()).select(*table.names, table.period_key),
        rejected=flagged.filter(is_rejected()).select(*rejected_columns, table.period_key),
    )
