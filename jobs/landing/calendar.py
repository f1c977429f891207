"""Which months a table's files hold, and a fingerprint of each month's rows, for files that hold any months.

A file that grows by a month must not make all earlier months look changed: the fingerprint of a month is the sum of the
hashes of its rows, which depends neither on their order nor on the file they stand in.
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
"""Rows beyond so long a gap, and no more than this share of all, are slips of the pen (1901, 2099), not history."""

_MODULUS = 1 << 64
_NO_MONTH = "none"

Hashed = tuple[int, int]
"""Rows, and the sum of their hashes."""


@dataclass(frozen=True)
class Calendar:
    """What the files hold.

    Attributes:
        first: the first month with rows.
        last: the last month with rows; those of times outside first to last are filed under `first`.
        contents: file → month → rows and hash.
        undated: rows and hash of what is filed under `first` without a time of that month.
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
        return [path for path, found in self.contents.items() if not found.keys().isdisjoint(months)]

    def fingerprint(self, month: Month) -> str:
        """Rows and hash of what is filed under a month, over all files."""
        return _text(self._total(month))

    def dated_fingerprint(self, month: Month) -> str:
        """The same of the rows whose time lies in the month: others may come with any delivery."""
        rows, hash_ = self._total(month)
        return _text((rows - self.undated[0], hash_ - self.undated[1]) if month == self.first else (rows, hash_))

    def _total(self, month: Month) -> Hashed:
        found = [months[month] for months in self.contents.values() if month in months]
        return sum(rows for rows, _ in found), sum(hash_ for _, hash_ in found)


def calendar(files: Sequence[Path], source: Source, columns: TableColumns, cache: Path) -> Calendar:
    """Read which months the files hold; raises LandingError where no time at all can be read."""
    found = {path: _contents(path, source, columns, cache) for path in files}
    rows: Counter[Month] = Counter()
    for months in found.values():
        rows.update({Month.parse(text): count for text, (count, _) in months.items() if text != _NO_MONTH})
    if not rows:
        raise LandingError(_no_times(files, source, columns))
    first, last = _span(rows)
    contents = {path: _filed(months, first, last) for path, months in found.items()}
    strays = [hashed for months in found.values() for text, hashed in months.items() if _is_stray(text, first, last)]
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
    """Month as text (or 'none') → rows and hash; remembered by the file's bytes and how its times are read."""
    assert columns.time is not None
    time_column = getattr(columns, columns.time)
    reading = repr((time_column, source.time_formats, source.timezone, source.delimiter, source.encoding))
    remembered = cache / f"{sha256(path)}-{hashlib.sha256(reading.encode()).hexdigest()[:16]}.json"
    rows_from = readable(path, cache)
    check_columns(path, schema(rows_from, source), columns, source)
    if not remembered.is_file():
        contents = _read_contents(rows_from, source, time_column)
        cache.mkdir(parents=True, exist_ok=True)
        unfinished = cache / f".{uuid4().hex}"
        unfinished.write_text(json.dumps(contents, sort_keys=True), encoding="utf-8")
        os.replace(unfinished, remembered)
    return {month: (rows, hash_) for month, (rows, hash_) in json.loads(remembered.read_text(encoding="utf-8")).items()}


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
    """A hash of each row, the same whichever batch the row comes in: every value is hashed as text."""
    columns = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        columns[name] = _hashable(column).dictionary_encode().to_pandas()
    return np.asarray(pd.util.hash_pandas_object(pd.DataFrame(columns), index=False), dtype=np.uint64)


def _hashable(column: pa.Array) -> pa.Array:
    if pa.types.is_binary(column.type):
        return column
    try:
        return column.cast(pa.string())
    except pa.ArrowException:  # nested values, and bytes that are no text
        return pa.array([None if value is None else repr(value) for value in column.to_pylist()], pa.string())


def _no_times(files: Sequence[Path], source: Source, columns: TableColumns) -> str:
    formats = ", ".join(("ISO 8601", *source.time_formats))
    return (
        f"{', '.join(str(path) for path in files)}: not one row has a time in column "
        f"{getattr(columns, columns.time or '')!r} that can be read as {formats}. Set `time_formats` in the mapping of "
        f"{source.name!r} to the format of the file"
    )
