"""The rows of one delivered file by calendar month: how many, on which days, and the sum of their hashes.

The hash of a row depends on the columns that can change what becomes of it, and on nothing else of the file.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from jobs.core.code_version import code_fingerprint
from jobs.landing.file_checks import check_is_file, verify
from jobs.landing.files import batches, check_columns, readable, schema, sha256
from jobs.landing.times import Times, dates_of
from jobs.sources.mapping import Source, TableColumns, effective_columns

NO_MONTH = "none"
"""The month of rows without a time."""

_MODULUS = 1 << 64


@dataclass(frozen=True)
class Rows:
    """What is known of some rows of one month.

    Attributes:
        count: how many there are.
        hash: the sum of their hashes, modulo 2^64.
        days: the days of the month that have rows: bit d stands for day d.
    """

    count: int = 0
    hash: int = 0
    days: int = 0

    def __add__(self, other: Rows) -> Rows:
        return Rows(self.count + other.count, (self.hash + other.hash) % _MODULUS, self.days | other.days)

    def without(self, other: Rows) -> Rows:
        """These rows without some of them, whose days are not known."""
        return Rows(self.count - other.count, (self.hash - other.hash) % _MODULUS)

    def __str__(self) -> str:
        """A fingerprint."""
        return f"{self.count}-{self.hash:016x}"


def contents(
    path: Path, source: Source, columns: TableColumns, cache: Path, *, is_older_list: bool = False
) -> dict[str, Rows]:
    """Month as text (or 'none') → its rows; cached by the file's hash, its time settings and this code.

    Raises:
        LandingError: the file is damaged, or lacks a column that the mapping names.
    """
    check_is_file(path)
    time_column = None if columns.time is None else str(getattr(columns, columns.time))
    rows_from = readable(path, cache)
    file_schema = schema(rows_from, source)
    hashed = effective_columns(source, columns, file_schema.names)
    settings = (time_column, source.time_formats, source.timezone, source.delimiter, source.encoding)
    reading = repr((settings, hashed, code_fingerprint(__name__)))
    cached = cache / f"{sha256(path)}-{hashlib.sha256(reading.encode()).hexdigest()[:16]}.json"
    check_columns(path, file_schema, columns, source, is_older_list=is_older_list)
    if not cached.is_file():
        verify(path)
        months = _read(rows_from, source, time_column, hashed)
        cache.mkdir(parents=True, exist_ok=True)
        unfinished = cache / f".{uuid4().hex}"
        texts = {month: asdict(held) for month, held in months.items()}
        unfinished.write_text(json.dumps(texts, sort_keys=True), encoding="utf-8")
        os.replace(unfinished, cached)
    return {month: Rows(**held) for month, held in json.loads(cached.read_text(encoding="utf-8")).items()}


def _read(path: Path, source: Source, time_column: str | None, hashed: Sequence[str]) -> dict[str, Rows]:
    months: defaultdict[str, Rows] = defaultdict(Rows)
    for batch in batches(path, source):
        dates = _no_dates(batch) if time_column is None else dates_of(batch.column(time_column), source)
        for month, held in _by_month(dates, _row_hashes(batch, hashed)):
            months[month] += held
    return dict(months)


def _no_dates(batch: pa.RecordBatch) -> Times:
    return np.full(batch.num_rows, "NaT", dtype="datetime64[D]")


def _by_month(dates: Times, hashes: npt.NDArray[np.uint64]) -> list[tuple[str, Rows]]:
    months = dates.astype("datetime64[M]")
    distinct, position = np.unique(months, return_inverse=True)
    sums, days = np.zeros(len(distinct), np.uint64), np.zeros(len(distinct), np.int64)
    np.add.at(sums, position, hashes)
    is_dated = ~np.isnat(dates)
    day_of_month = (dates[is_dated] - months[is_dated]).astype(np.int64) + 1
    np.bitwise_or.at(days, position[is_dated], np.int64(1) << day_of_month)
    counts = np.bincount(position, minlength=len(distinct))
    names = [NO_MONTH if np.isnat(month) else str(month) for month in distinct]
    return [
        (name, Rows(int(count), int(total), int(held)))
        for name, count, total, held in zip(names, counts, sums, days, strict=True)
    ]


def _row_hashes(batch: pa.RecordBatch, names: Sequence[str]) -> npt.NDArray[np.uint64]:
    """A hash of each row's values in some columns, independent of its batch: every value is hashed as text."""
    columns = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if name in names:
            columns[name] = _hashable(column).dictionary_encode().to_pandas()
    return np.asarray(pd.util.hash_pandas_object(pd.DataFrame(columns), index=False), dtype=np.uint64)


def _hashable(column: pa.Array) -> pa.Array:
    if pa.types.is_binary(column.type):
        return column
    try:
        return column.cast(pa.string())
    except pa.ArrowException:  # nested values, and bytes that are not text
        return pa.array([None if value is None else repr(value) for value in column.to_pylist()], pa.string())
