"""Column types, null counts and extremes from the footers of a period's Parquet files. No row is read."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from jobs.lake.lake import Lake
from jobs.lake.schemas import ARROW
from jobs.lake.tables import Column, Table
from jobs.lake.versions import Period

MISSING = "(missing)"

_Footer = tuple[pa.Schema, pq.FileMetaData]

_SPARK_TYPES = {arrow: ddl for ddl, arrow in ARROW.items()}


def column_facts(
    lake: Lake,
    table: Table,
    period: Period,
    *,
    before: Period | None = None,
    required: Collection[str] = (),
    volatile: Collection[str] = (),
) -> pd.DataFrame:
    """One row per declared column of a table: `table`, `column` and its properties in a period.

    `stored_type` and `declared_type` are Spark's type names. A column is constant if all rows hold the same value or
    all are null; `was_constant` is the same for the period `before`, and true without one.

    Args:
        lake: the lake that holds the table.
        table: the table; its columns must not be nested.
        period: a complete period.
        before: the complete period to compare with, if any.
        required: columns that must have a value in every row.
        volatile: columns that may be constant in some periods.

    Raises:
        IncompleteError: a period is not complete.
    """
    now = _footers(lake, table, period)
    then = [] if before is None else _footers(lake, table, before)
    return pd.DataFrame(
        {
            "table": table.name,
            "column": column.name,
            "declared_type": column.type,
            "stored_type": ", ".join(sorted({_stored_type(schema, column) for schema, _ in now})) or column.type,
            "nulls": sum(chunk.null_count for chunk in _statistics(now, column)),
            "is_finite": all(_is_finite(chunk) for chunk in _statistics(now, column)),
            "is_constant": _is_constant(now, column),
            "was_constant": _is_constant(then, column),
            "is_required": column.name in required,
            "is_volatile": column.name in volatile,
        }
        for column in table.columns
    )


def _footers(lake: Lake, table: Table, period: Period) -> list[_Footer]:
    footers = [pq.read_metadata(file.path, filesystem=lake.files) for file in lake.files_of(table, [period])]
    return [(footer.schema.to_arrow_schema(), footer) for footer in footers]


def _stored_type(schema: pa.Schema, column: Column) -> str:
    if column.name not in schema.names:
        return MISSING
    stored = schema.field(column.name).type
    if pa.types.is_decimal(stored):
        return f"decimal({stored.precision},{stored.scale})"
    return _SPARK_TYPES.get(stored, str(stored))


def _statistics(footers: list[_Footer], column: Column) -> Iterator[Any]:
    for schema, footer in footers:
        position = schema.get_field_index(column.name)
        if position >= 0:
            groups = [footer.row_group(group) for group in range(footer.num_row_groups)]
            yield from (group.column(position).statistics for group in groups if group.num_rows)


def _is_finite(chunk: Any) -> bool:
    """Whether a chunk's numbers are finite; if one is NaN, writers omit the extremes or write NaN."""
    if chunk.physical_type != "DOUBLE" or chunk.num_values == 0:
        return True
    return bool(chunk.has_min_max and math.isfinite(chunk.min) and math.isfinite(chunk.max))


def _is_constant(footers: list[_Footer], column: Column) -> bool:
    """Whether all rows hold the same value, or all hold null; true if there are no rows."""
    values: set[object] = set()
    for chunk in _statistics(footers, column):
        if chunk.null_count:
            values.add(None)
        if chunk.num_values:  # counts values that are not null
            values |= {chunk.min, chunk.max} if chunk.has_min_max else {"unknown", "extremes"}
    return len(values) <= 1
