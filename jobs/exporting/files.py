"""Rows as one file: CSV, an Excel workbook or Parquet. The same rows give the same bytes, in every format."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from jobs.exporting.rows import ExportError

SHEET_ROWS = 1_048_576
"""Rows of an Excel sheet, the head included."""

_CREATED = datetime(2000, 1, 1, tzinfo=UTC)
"""The creation time of every workbook; the real one would change the bytes at each export."""

Batches = Iterable[pa.RecordBatch]


def write(path: Path, schema: pa.Schema, batches: Batches) -> int:
    """Write batches to a file in the format that its suffix names; the number of rows.

    The file appears once it is complete, and replaces an earlier one.

    Raises:
        ExportError: the rows do not fit into an Excel sheet.
    """
    with _replaced(path) as unfinished:
        return FORMATS[path.suffix.removeprefix(".")](unfinished, schema, batches)


def _write_parquet(path: Path, schema: pa.Schema, batches: Batches) -> int:
    rows = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as file:
        for batch in batches:
            file.write_batch(batch)
            rows += batch.num_rows
    return rows


def _write_csv(path: Path, schema: pa.Schema, batches: Batches) -> int:
    rows = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(schema.names)
        for row in _rows(batches):
            lines.writerow([_as_text(value) for value in row])
            rows += 1
    return rows


def _write_xlsx(path: Path, schema: pa.Schema, batches: Batches) -> int:
    row_number = 0
    with xlsxwriter.Workbook(path, {"constant_memory": True, "nan_inf_to_errors": True}) as book:
        book.set_properties({"created": _CREATED})
        days = book.add_format({"num_format": "yyyy-mm-dd"})
        times = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet = book.add_worksheet(path.stem[:31].lstrip("."))
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, schema.names, book.add_format({"bold": True}))
        for row_number, row in enumerate(_rows(batches), start=1):
            if row_number >= SHEET_ROWS:
                raise ExportError(f"an Excel sheet holds {SHEET_ROWS - 1:,} rows: use FORMAT=csv or parquet")
            for place, value in enumerate(row):
                _write_cell(sheet, (row_number, place), value, days, times)
    return row_number


def _write_cell(sheet: Worksheet, at: tuple[int, int], value: object, days: object, times: object) -> None:
    """Write a value by its type: text stays text, were it digits, a formula or a link."""
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(*at, value)
    elif isinstance(value, int | float | Decimal):
        sheet.write_number(*at, value)
    elif isinstance(value, datetime):
        sheet.write_datetime(*at, value.replace(tzinfo=None), times)
    elif isinstance(value, date):
        sheet.write_datetime(*at, value, days)
    elif sheet.write_string(*at, _as_text(value)) != 0:
        raise ExportError(f"row {at[0] + 1} has a text that is too long for an Excel cell: use FORMAT=csv or parquet")


def _rows(batches: Batches) -> Iterator[tuple[object, ...]]:
    for batch in batches:
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return json.dumps(value)
    return value.isoformat() if isinstance(value, date) else str(value)


@contextmanager
def _replaced(path: Path) -> Iterator[Path]:
    """A file beside `path` that takes its place when the context ends well, and is removed when it does not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


FORMATS: dict[str, Callable[[Path, pa.Schema, Batches], int]] = {
    "csv": _write_csv,
    "xlsx": _write_xlsx,
    "parquet": _write_parquet,
}
