"""Flag, then split: a row with at least one reason goes to `rejected/`, every other row to `clean/`; none is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from jobs.tables import REJECTED_COLUMNS, Table

REJECTED_FOR = "rejected_for"


class Split(NamedTuple):
    """The two halves of a flagged frame."""

    clean: DataFrame
    rejected: DataFrame


def flag(rows: DataFrame, reasons: Mapping[str, Column]) -> DataFrame:
    """Add the reasons whose condition is true to `rejected_for`, in the order given; NULL conditions do not count."""
    found = F.array_compact(F.array(*(F.when(condition, F.lit(reason)) for reason, condition in reasons.items())))
    earlier = [F.col(REJECTED_FOR)] if REJECTED_FOR in rows.columns else []
    return rows.withColumn(REJECTED_FOR, F.concat(*earlier, found))


def is_rejected() -> Column:
    """Whether a flagged row has a reason."""
    return F.size(REJECTED_FOR) > 0


def is_repeated_row(same: Sequence[str]) -> Column:
    """Whether an equal row in the given columns comes before this one; the first by file stays.

    Rows that are equal in the file as well are interchangeable, so that the choice does not depend on their order.
    """
    first_by_file = Window.partitionBy(F.xxhash64(*same), *same).orderBy("source_file")
    return F.row_number().over(first_by_file) > 1


def is_repeated_key(key: str) -> Column:
    """Whether a better row has this key: one that is not rejected, or else the first by content and file."""
    best = Window.partitionBy(key).orderBy(is_rejected(), "content", "source_file")
    return F.col(key).isNotNull() & (F.row_number().over(best) > 1)


def split(flagged: DataFrame, table: Table) -> Split:
    """The clean rows with the table's columns, and the rejected ones; both keep the period key."""
    rejected_columns = [column.name for column in REJECTED_COLUMNS]
    return Split(
        clean=flagged.filter(~is_rejected()).select(*table.names, table.period_key),
        rejected=flagged.filter(is_rejected()).select(*rejected_columns, table.period_key),
    )
