"""Read and write tables without Spark."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.lake.lake import Lake, Period, Record
from jobs.lake.tables import CENTS, MONEY, Table

_TYPES = {
    "string": pa.string(),
    "date": pa.date32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    CENTS: pa.decimal128(18, 2),
    MONEY: pa.decimal128(18, 4),
}


def arrow_schema(table: Table) -> pa.Schema:
    """The columns of a table that has no times and no lists."""
    return pa.schema([(column.name, _TYPES[column.type]) for column in table.columns])


def with_doubles(rows: pa.Table) -> pa.Table:
    """The rows with each decimal of at most 18 digits as the nearest double, which Arrow's own cast often misses."""
    for position, field in enumerate(rows.schema):
        if pa.types.is_decimal128(field.type):
            decimals = rows.column(position).combine_chunks()
            # A decimal is stored as two words; the lower one holds 18 digits.
            words = np.frombuffer(decimals.buffers()[1], dtype=np.int64)[::2]
            units = words[decimals.offset : decimals.offset + len(decimals)]
            doubles = pa.array(units / 10.0**field.type.scale, mask=decimals.is_null().to_numpy(zero_copy_only=False))
            rows = rows.set_column(position, field.name, doubles)
    return rows


def write_period(frame: pd.DataFrame, lake: Lake, table: Table, period: Period, inputs: Mapping[str, str]) -> Record:
    """Replace a period of a table by the rows of a frame, sorted by its first column; the record.

    Raises:
        pyarrow.ArrowException: a column is missing or cannot be stored in its declared type.
    """
    schema = arrow_schema(table)
    # pandas forgets the type of a column without values.
    rows = schema.empty_table() if frame.empty else pa.Table.from_pandas(frame, schema=schema, preserve_index=False)
    rows = rows.sort_by(table.names[0])
    money = [column.name for column in table.columns if column.type in (CENTS, MONEY)]
    record = Record(
        rows=len(rows),
        fingerprint=hashlib.sha256("\n".join(map(repr, rows.to_pylist())).encode()).hexdigest()[:32],
        inputs=dict(inputs),
        sums={name: str(pc.sum(rows[name]).as_py() or 0) for name in money},
    )
    with lake.staging(table) as staged:
        target = staged / f"{table.period_key}={period}"
        target.mkdir()
        pq.write_table(rows, target / "part.parquet")
        lake.promote(target, table, period, record)
    return record
