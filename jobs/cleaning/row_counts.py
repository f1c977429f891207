"""Clean and rejected rows of months in the lake, and the reasons for rejection, recorded in Postgres."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow.compute as pc
from sqlalchemy import Engine

from jobs.cleaning.quarantine import REJECTED_FOR
from jobs.core.month import Month
from jobs.core.postgres import statement
from jobs.lake.arrow import read_rows
from jobs.lake.lake import Lake
from jobs.lake.tables import Table, rejected


@dataclass(frozen=True)
class RowCounts:
    """What became of the rows that were delivered for a month of a table.

    Attributes:
        clean: rows of the clean table.
        rejected: rows of the rejected table.
        reasons: reason → rejected rows; a row counts under each of its reasons.
    """

    clean: int
    rejected: int
    reasons: Mapping[str, int]


def row_counts(lake: Lake, table: Table, month: Month) -> RowCounts:
    """The counts of a month, from the lake's records; raises IncompleteError if either half is not complete."""
    refused = lake.record(rejected(table), month).rows
    reasons: Counter[str] = Counter()
    for chunk in read_rows(lake, rejected(table), [month], [REJECTED_FOR])[REJECTED_FOR].chunks:
        for entry in pc.value_counts(pc.list_flatten(chunk)):
            reasons[entry["values"].as_py()] += entry["counts"].as_py()
    return RowCounts(lake.record(table, month).rows, refused, reasons)


def record_row_counts(
    database: Engine, lake: Lake, table: Table, months: Sequence[Month], *, run_id: int, name: str
) -> None:
    """Record the counts of the months that a run read, in one transaction; a retry replaces its earlier record."""
    counts = {month: row_counts(lake, table, month) for month in months}
    of_run = {"run_id": run_id, "table_name": name}
    with database.begin() as connection:
        connection.execute(statement("clear_ingested"), of_run)
        for month, count in counts.items():
            of_month = of_run | {"month": month.first_day}
            totals = {"clean_rows": count.clean, "rejected_rows": count.rejected}
            connection.execute(statement("record_ingested"), of_month | totals)
            for reason, rows in sorted(count.reasons.items()):
                connection.execute(statement("record_rejected"), of_month | {"reason": reason, "rows": rows})
