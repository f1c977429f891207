"""Excel workbooks → Parquet, once: reading a million cells of .xlsx takes longer than everything else together."""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path
from uuid import uuid4

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

SHEET_COLUMN = "sheet"


def as_parquet(workbook: Path, target: Path) -> None:
    """Write all sheets of a workbook as one Parquet file, each row with its sheet's name in the column `sheet`.

    A column whose cells are all dates stays a time; every other becomes text, whole numbers without a decimal point.
    """
    sheets = pd.read_excel(workbook, sheet_name=None, engine="calamine", dtype=object)
    rows = pd.concat(
        [frame.assign(**{SHEET_COLUMN: name}) for name, frame in sheets.items() if not frame.empty], ignore_index=True
    )
    table = pa.table({str(name): _column(rows[name]) for name in rows.columns})
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{uuid4().hex}")
    pq.write_table(table, unfinished, coerce_timestamps="us")
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
