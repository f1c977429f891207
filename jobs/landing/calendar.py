"""The months that a table's files contain, which of them are closed, and a fingerprint of each month's rows.

A file that grows by a month must not make its earlier months look changed. So the fingerprint of a month is the sum of
the hashes of its rows, which depends neither on their order nor on the file that holds them.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from uuid import uuid4

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from jobs.core.code_version import code_fingerprint
from jobs.core.month import CLOSING_DAYS, Month
from jobs.landing.file_checks import LandingError, verify
from jobs.landing.files import batches, check_columns, readable, schema, sha256
from jobs.landing.times import Times, dates_of
from jobs.sources.mapping import Source, TableColumns, effective_columns

STRAY_GAP_MONTHS = 24
STRAY_SHARE = 0.001
"""Rows beyond a gap this long that make up at most this share of all rows are typing errors (1901, 2099)."""

_MODULUS = 1 << 64
_NO_MONTH = "none"


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

    def __str__(self) -> str:
        """A fingerprint."""
        return f"{self.count}-{self.hash:016x}"


@dataclass(frozen=True)
class Calendar:
    """The months and rows of a table's files.

    Attributes:
        first: the first month with rows.
        last: the last month with rows. Rows whose time is outside first to last are filed under `first`.
        contents: file → month → its rows.
        undated: the rows that are filed under `first` although their time is not in that month.
    """

    first: Month
    last: Month
    contents: Mapping[Path, Mapping[Month, Rows]]
    undated: Rows

    @property
    def months(self) -> list[Month]:
        """The months that hold rows, oldest first."""
        return sorted({month for months in self.contents.values() for month in months})

    @property
    def last_closed(self) -> Month:
        """The newest month that rows of at least CLOSING_DAYS later days follow; before `first` if none is closed."""
        later_days = 0
        for month in reversed(self.months):
            later_days += self._total(month).days.bit_count()
            if later_days >= CLOSING_DAYS:
                return month.plus(-1)
        return self.first.plus(-1)

    def files_of(self, months: Sequence[Month]) -> list[Path]:
        """The files that hold rows of these months."""
        return [path for path, held in self.contents.items() if not held.keys().isdisjoint(months)]

    def fingerprint(self, month: Month) -> str:
        """Rows and hash of all rows filed under a month, over all files."""
        return str(self._total(month))

    def dated_fingerprint(self, month: Month) -> str:
        """Rows and hash of the rows whose time is in the month, which rows without a time cannot change."""
        total = self._total(month)
        if month != self.first:
            return str(total)
        return str(Rows(total.count - self.undated.count, (total.hash - self.undated.hash) % _MODULUS))

    def _total(self, month: Month) -> Rows:
        return sum((months[month] for months in self.contents.values() if month in months), Rows())


def calendar(files: Sequence[Path], source: Source, columns: TableColumns, cache: Path) -> Calendar:
    """Read which months the files contain; raises LandingError if not a single time can be read."""
    read = {path: _contents(path, source, columns, cache) for path in files}
    rows: Counter[Month] = Counter()
    for months in read.values():
        rows.update({Month.parse(text): held.count for text, held in months.items() if text != _NO_MONTH})
    if not rows:
        raise LandingError(_no_times(files, source, columns))
    first, last = _span(rows)
    contents = {path: _filed(months, first, last) for path, months in read.items()}
    strays = [held for months in read.values() for text, held in months.items() if _is_stray(text, first, last)]
    return Calendar(first, last, contents, sum(strays, Rows()))


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


def _filed(months: Mapping[str, Rows], first: Month, last: Month) -> dict[Month, Rows]:
    filed: defaultdict[Month, Rows] = defaultdict(Rows)
    for text, held in months.items():
        if _is_stray(text, first, last):
            filed[first] += replace(held, days=0)
        else:
            filed[Month.parse(text)] += held
    return dict(filed)


def _is_stray(text: str, first: Month, last: Month) -> bool:
    return text == _NO_MONTH or not first <= Month.parse(text) <= last


def _contents(path: Path, source: Source, columns: TableColumns, cache: Path) -> dict[str, Rows]:
    """Month as text (or 'none') → its rows; cached by the file's hash, its time settings and this code."""
    assert columns.time is not None
    time_column = getattr(columns, columns.time)
    rows_from = readable(path, cache)
    file_schema = schema(rows_from, source)
    hashed = effective_columns(source, columns, file_schema.names)
    settings = (time_column, source.time_formats, source.timezone, source.delimiter, source.encoding)
    reading = repr((settings, hashed, code_fingerprint(__name__)))
    cached = cache / f"{sha256(path)}-{hashlib.sha256(reading.encode()).hexdigest()[:16]}.json"
    check_columns(path, file_schema, columns, source)
    if not cached.is_file():
        verify(path)
        contents = _read_contents(rows_from, source, time_column, hashed)
        cache.mkdir(parents=True, exist_ok=True)
        unfinished = cache / f".{uuid4().hex}"
        texts = {month: asdict(held) for month, held in contents.items()}
        unfinished.write_text(json.dumps(texts, sort_keys=True), encoding="utf-8")
        os.replace(unfinished, cached)
    return {month: Rows(**held) for month, held in json.loads(cached.read_text(encoding="utf-8")).items()}


def _read_contents(path: Path, source: Source, time_column: str, hashed: Sequence[str]) -> dict[str, Rows]:
    contents: defaultdict[str, Rows] = defaultdict(Rows)
    for batch in batches(path, source):
        dates = dates_of(batch.column(time_column), source)
        for month, held in _by_month(dates, _row_hashes(batch, hashed)):
            contents[month] += held
    return dict(contents)


def _by_month(dates: Times, hashes: npt.NDArray[np.uint64]) -> list[tuple[str, Rows]]:
    months = dates.astype("datetime64[M]")
    distinct, position = np.unique(months, return_inverse=True)
    sums, days = np.zeros(len(distinct), np.uint64), np.zeros(len(distinct), np.int64)
    np.add.at(sums, position, hashes)
    is_dated = ~np.isnat(dates)
    day_of_month = (dates[is_dated] - months[is_dated]).astype(np.int64) + 1
    np.bitwise_or.at(days, position[is_dated], np.int64(1) << day_of_month)
    counts = np.bincount(position, minlength=len(distinct))
    names = [_NO_MONTH if np.isnat(month) else str(month) for month in distinct]
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


def _no_times(files: Sequence[Path], source: Source, columns: TableColumns) -> str:
    formats = ", ".join(("ISO 8601", *source.time_formats))
    return (
        f"{', '.join(str(path) for path in files)}: no row has a time in column "
        f"{getattr(columns, columns.time or '')!r} that can be read as {formats}. Set `time_formats` in the mapping of "
        f"{source.name!r} to the format of the file"
    )
