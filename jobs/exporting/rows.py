"""A month of one published view: read by a single statement, typed, and always in the same order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, Double, Row, Select, Text, cast, column, select, table

from jobs.core.month import Month
from jobs.core.postgres import statement
from jobs.core.refusal import RefusedError

BATCH_ROWS = 20_000

_ARROW_TYPES = {
    "text": pa.string(),
    "jsonb": pa.string(),
    "boolean": pa.bool_(),
    "smallint": pa.int16(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "double precision": pa.float64(),
    "numeric": pa.float64(),
    "date": pa.date32(),
    "timestamp with time zone": pa.timestamp("us", tz="UTC"),
}
"""Postgres' type → the type in a file. `numeric(p,s)` becomes a decimal; a numeric without a scale becomes a double."""

_READ_AS = {"jsonb": Text(), "numeric": Double()}
_SAME_IN_ALL_ROWS = ("data_month", "as_of", "run_id", "currency")


class ExportError(RefusedError):
    """There is nothing to export, or the format cannot hold it."""


def dated_views(connection: Connection) -> dict[str, dict[str, str]]:
    """View → column → Postgres' type, of the views that readers may select from and that have an `as_of`."""
    rows = connection.execute(statement("reader_columns")).mappings()
    views = {
        name: {str(row["column_name"]): str(row["column_type"]) for row in columns}
        for name, columns in groupby(rows, key=lambda row: str(row["view_name"]))
    }
    return {name: types for name, types in views.items() if "as_of" in types}


def arrow_schema(types: Mapping[str, str]) -> pa.Schema:
    """The columns of a view as a file has them."""
    return pa.schema([(name, _arrow_type(name, sql_type)) for name, sql_type in types.items()])


def batches(connection: Connection, view: str, month: Month) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """The rows of a data month in a view, at most BATCH_ROWS at a time, and their schema.

    One statement reads them all, so a publication in between does not mix two runs.

    Raises:
        ExportError: readers see no such view, or it has no row of the month.
    """
    views = dated_views(connection)
    if view not in views:
        raise ExportError(f"clv.{view} is no view with an as_of: choose one of {', '.join(views)}")
    schema = arrow_schema(views[view])
    streamed = connection.execution_options(stream_results=True, max_row_buffer=BATCH_ROWS)
    parts = streamed.execute(_query(view, views[view], month)).partitions(BATCH_ROWS)
    first = next(parts, None)
    if not first:
        raise ExportError(f"clv.{view} has no row of {month}: clv.runs lists the months that are published")

    def converted() -> Iterator[pa.RecordBatch]:
        yield _batch(first, schema)
        for part in parts:
            yield _batch(part, schema)

    return schema, converted()


def _query(view: str, types: Mapping[str, str], month: Month) -> Select[*tuple[Any, ...]]:
    """All columns of the month's rows, ordered by all that may differ; text by its bytes in every locale."""
    columns = {name: column(name, Text() if sql_type == "text" else None) for name, sql_type in types.items()}
    chosen: list[ColumnElement[Any]] = [
        cast(columns[name], _READ_AS[sql_type]).label(name) if sql_type in _READ_AS else columns[name]
        for name, sql_type in types.items()
    ]
    order = [
        columns[name].collate("C") if sql_type == "text" else columns[name]
        for name, sql_type in types.items()
        if name not in _SAME_IN_ALL_ROWS
    ]
    source = table(view, *columns.values(), schema="clv")
    return select(*chosen).select_from(source).where(columns["as_of"] == month.as_of).order_by(*order)


def _arrow_type(name: str, sql_type: str) -> pa.DataType:
    if sql_type.startswith("numeric("):
        precision, scale = sql_type.removeprefix("numeric(").removesuffix(")").split(",")
        return pa.decimal128(int(precision), int(scale))
    if sql_type not in _ARROW_TYPES:
        raise ExportError(f"column {name} has type {sql_type}, which no file format holds: export another view")
    return _ARROW_TYPES[sql_type]


def _batch(rows: Sequence[Row[*tuple[Any, ...]]], schema: pa.Schema) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
