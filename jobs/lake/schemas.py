"""The schema of a table of the lake for Arrow and for Delta Lake."""

from __future__ import annotations

import pyarrow as pa
from deltalake import Schema

from jobs.lake.tables import CENTS, MONEY, Table

ARROW = {
    "string": pa.string(),
    "binary": pa.binary(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    CENTS: pa.decimal128(18, 2),
    MONEY: pa.decimal128(18, 4),
    "array<string>": pa.list_(pa.string()),
}
"""Spark's type → Arrow's."""


def arrow_schema(table: Table) -> pa.Schema:
    """The columns of a table's files: without the period key, which is in the name of their folder."""
    return pa.schema([(column.name, ARROW[column.type]) for column in table.columns])


def delta_schema(table: Table) -> Schema:
    """A table's columns and its period key, with their comments."""
    columns = [(column.name, ARROW[column.type], column.comment) for column in table.columns]
    columns.append((table.period_key, pa.string(), "The period that the row belongs to"))
    return Schema.from_arrow(
        pa.schema([pa.field(name, type_, metadata={"comment": text}) for name, type_, text in columns])
    )
