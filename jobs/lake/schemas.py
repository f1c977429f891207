"""The schema of a table of the lake for Arrow and for Delta Lake."""

from __future__ import annotations

import pyarrow as pa
from deltalake import Field, Schema
from deltalake.schema import ArrayType, PrimitiveType

from jobs.lake.tables import CENTS, MONEY, Table

_TEXTS = "array<string>"
_ARROW = {
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
    _TEXTS: pa.list_(pa.string()),
}
_DELTA: dict[str, PrimitiveType | ArrayType] = {
    "bigint": PrimitiveType("long"),
    "int": PrimitiveType("integer"),
    _TEXTS: ArrayType(PrimitiveType("string"), contains_null=True),
}
"""Delta Lake's types that have other names than Spark's."""


def arrow_schema(table: Table) -> pa.Schema:
    """The columns of a table's files: without the period key, which is in the name of their folder."""
    return pa.schema([(column.name, _ARROW[column.type]) for column in table.columns])


def delta_schema(table: Table) -> Schema:
    """A table's columns and its period key, with their comments."""
    columns = [(column.name, column.type, column.comment) for column in table.columns]
    columns.append((table.period_key, "string", "The period that the row belongs to"))
    return Schema(
        [Field(name, _DELTA.get(ddl) or PrimitiveType(ddl), metadata={"comment": text}) for name, ddl, text in columns]
    )
