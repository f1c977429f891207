"""Parquet copies of delivered files that Spark cannot read: workbooks, and Parquet with nanoseconds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from uuid import uuid4

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

SHEET_COLUMN = "sheet"


def copy_workbook(workbook: Path, target: Path) -> None:
    """Write all sheets of an .xlsx as one Parquet file, each row with its sheet's name in the column `sheet`.

    A column whose cells are all dates stays a time. Every other column becomes text, whole numbers without a decimal
    point. The copy saves time too: reading a million cells of .xlsx takes longer than the rest of an ingest.
    """
    sheets = pd.read_excel(workbook, sheet_name=None, engine="calamine", dtype=object)
    rows = pd.concat(
        [frame.assign(**{SHEET_COLUMN: name}) for name, frame in sheets.items() if not frame.empty], ignore_index=True
    )
    with _appears_when_complete(target) as unfinished:
        pq.write_table(pa.table({str(name): _column(rows[name]) for name in rows.columns}), unfinished)


def has_nanoseconds(schema: pa.Schema) -> bool:
    """Whether a Parquet file has times in nanoseconds, which pandas writes and Spark does not read."""
    return any(pa.types.is_timestamp(field.type) and field.type.unit == "ns" for field in schema)


def copy_in_microseconds(parquet: Path, target: Path) -> None:
    """Copy a Parquet file, row group by row group, with its times in microseconds."""
    source = pq.ParquetFile(parquet)
    fields = [
        field.with_type(pa.timestamp("us", field.type.tz)) if has_nanoseconds(pa.schema([field])) else field
        for field in source.schema_arrow
    ]
    schema = pa.schema(fields)
    with _appears_when_complete(target) as unfinished, pq.ParquetWriter(unfinished, schema) as writer:
        for group in range(source.num_row_groups):
            writer.write_table(source.read_row_group(group).cast(schema, safe=False))


@contextmanager
def _appears_when_complete(target: Path) -> Iterator[Path]:
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{uuid4().hex}")
    yield unfinished
    os.replace(unfinished, target)


def _column(cells: pd.Series) -> pa.Array:
    values = [None if value is None or value != value else value for value in cells]
    if all(isinstance(value, date) for value in values if value is not None):
        moments = [datetime(v.year, v.month, v.day) if type(v) is date else v for v in values]  # noqa: DTZ001
        return pa.array(moments, pa.timestamp("us"))
    return pa.array([None if value is None else _text(value) for value in values], pa.string())


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)
