"""The months that a table's files contain, and a fingerprint of each month's rows, for files that hold any months.

A file that grows by a month must not make its earlier months look changed. So the fingerprint of a month is the sum of
the hashes of its rows, which depends neither on their order nor on the file that holds them.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from jobs.core.month import Month
from jobs.landing.files import LandingError, batches, check_columns, readable, schema, sha256
from jobs.landing.times import months_of
from jobs.sources.mapping import Source, TableColumns

STRAY_GAP_MONTHS = 24
STRAY_SHARE = 0.001
"""Rows beyond a gap this long that make up at most this share of all rows are typing errors (1901, 2099)."""

_MODULUS = 1 << 64
_NO_MONTH = "none"

Hashed = tuple[int, int]
"""The number of rows, and the sum of their hashes."""


@dataclass(frozen=True)
class Calendar:
    """The months and rows of a table's files.

    Attributes:
        first: the first month with rows.
        last: the last month with rows. Rows whose time is outside first to last are filed under `first`.
        contents: file → month → rows and hash.
        undated: rows and hash of the rows that are filed under `first` although their time is not in that month.
    """

    first: Month
    last: Month
    contents: Mapping[Path, Mapping[Month, Hashed]]
    undated: Hashed

    @property
    def months(self) -> list[Month]:
        """The months that hold rows, oldest first."""
        return sorted({month for months in self.contents.values() for month in months})

    def files_of(self, months: Sequence[Month]) -> list[Path]:
        """The files that hold rows of these months."""
        return [path for path, held in self.contents.items() if not held.keys().isdisjoint(months)]

    def fingerprint(self, month: Month) -> str:
        """Rows and hash of all rows filed under a month, over all files."""
        return _text(self._total(month))

    def dated_fingerprint(self, month: Month) -> str:
        """Rows and hash of the rows whose time is in the month, which rows without a time cannot change."""
        rows, hash_ = self._total(month)
        return _text((rows - self.undated[0], hash_ - self.undated[1]) if month == self.first else (rows, hash_))

    def _total(self, month: Month) -> Hashed:
        totals = [months[month] for months in self.contents.values() if month in months]
        return sum(rows for rows, _ in totals), sum(hash_ for _, hash_ in totals)


def calendar(files: Sequence[Path], source: Source, columns: TableColumns, cache: Path) -> Calendar:
    """Read which months the files contain; raises LandingError if not a single time can be read."""
    read = {path: _contents(path, source, columns, cache) for path in files}
    rows: Counter[Month] = Counter()
    for months in read.values():
        rows.update({Month.parse(text): count for text, (count, _) in months.items() if text != _NO_MONTH})
    if not rows:
        raise LandingError(_no_times(files, source, columns))
    first, last = _span(rows)
    contents = {path: _filed(months, first, last) for path, months in read.items()}
    strays = [hashed for months in read.values() for text, hashed in months.items() if _is_stray(text, first, last)]
    undated = sum(count for count, _ in strays), sum(hash_ for _, hash_ in strays)
    return Calendar(first, last, contents, undated)


def _text(total: Hashed) -> str:
    return f"{total[0]}-{total[1] % _MODULUS:016x}"


def _span(rows: Counter[Month]) -> tuple[Month, Month]:
    """First and last month that are not strays."""
    months = sorted(rows)
    limit = STRAY_SHARE * rows.total()
    first, last = 0, len(months) - 1
    for i in range(1, len(months)):
        if months[i - 1].months_until(months[i]) > STRAY_GAP_MONTHS:
            before = sum(rows[month] for month in months[:i])
            if before <= limit:
                first = i
            elif rows.total() - before <= limit:
                last = min(last, i - 1)
    return months[first], months[last]


def _filed(months: Mapping[str, Hashed], first: Month, last: Month) -> dict[Month, Hashed]:
    filed: dict[Month, Hashed] = {}
    for text, (rows, hash_) in months.items():
        month = first if _is_stray(text, first, last) else Month.parse(text)
        earlier = filed.get(month, (0, 0))
        filed[month] = (earlier[0] + rows, (earlier[1] + hash_) % _MODULUS)
    return filed


def _is_stray(text: str, first: Month, last: Month) -> bool:
    return text == _NO_MONTH or not first <= Month.parse(text) <= last


def _contents(path: Path, source: Source, columns: TableColumns, cache: Path) -> dict[str, Hashed]:
    """Month as text (or 'none') → rows and hash; cached by the file's hash and its time settings."""
    assert columns.time is not None
    time_column = getattr(columns, columns.time)
    reading = repr((time_column, source.time_formats, source.timezone, source.delimiter, source.encoding))
    cached = cache / f"{sha256(path)}-{hashlib.sha256(reading.encode()).hexdigest()[:16]}.json"
    rows_from = readable(path, cache)
    check_columns(path, schema(rows_from, source), columns, source)
    if not cached.is_file():
        contents = _read_contents(rows_from, source, time_column)
        cache.mkdir(parents=True, exist_ok=True)
        unfinished = cache / f".{uuid4().hex}"
        unfinished.write_text(json.dumps(contents, sort_keys=True), encoding="utf-8")
        os.replace(unfinished, cached)
    return {month: (rows, hash_) for month, (rows, hash_) in json.loads(cached.read_text(encoding="utf-8")).items()}


def _read_contents(path: Path, source: Source, time_column: str) -> dict[str, Hashed]:
    contents: dict[str, Hashed] = {}
    for batch in batches(path, source):
        months = months_of(batch.column(time_column), source)
        for month, rows, hash_ in _by_month(months, _row_hashes(batch)):
            earlier = contents.get(month, (0, 0))
            contents[month] = (earlier[0] + rows, (earlier[1] + hash_) % _MODULUS)
    return contents


def _by_month(months: npt.NDArray[np.datetime64], hashes: npt.NDArray[np.uint64]) -> list[tuple[str, int, int]]:
    distinct, position = np.unique(months, return_inverse=True)
    sums = np.zeros(len(distinct), np.uint64)
    np.add.at(sums, position, hashes)
    rows = np.bincount(position, minlength=len(distinct))
    names = [_NO_MONTH if np.isnat(month) else str(month) for month in distinct]
    return [(name, int(count), int(total)) for name, count, total in zip(names, rows, sums, strict=True)]


def _row_hashes(batch: pa.RecordBatch) -> npt.NDArray[np.uint64]:
    """A hash of each row, independent of its batch: every value is hashed as text."""
    columns = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        columns[name] = _hashable(column).dictionary_encode().to_pandas()
    return np.asarray(pd.util.hash_pandas_object(pd.DataFrame(columns), index=False), dtype=np.uint64)


def _hashable(column: pa.Array) -> pa.Array:
    if pa.types.is_binary(column.type):
        return column
    try:
        return column.cast(pa.string())
    except pa.ArrowException:  # nested values, and bytes that are not text
        return pa.array([None if value is None else repr(value) for value in column.to_pylist()], pa.string())


def _no_times(files: Sequence[Path], source: Source, columns: TableColumns) -> str:
    formats = ", ".join(("ISO 8601", *source.time_formats))
    return (
        f"{', '.join(str(path) for path in files)}: no row has a time in column "
        f"{getattr(columns, columns.time or '')!r} that can be read as {formats}. Set `time_formats` in the mapping of "
        f"{source.name!r} to the format of the file"
    )
