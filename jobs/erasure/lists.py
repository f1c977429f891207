"""Take customers out of the lists that the lake keeps as they were delivered."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, cast

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.core.month import Month
from jobs.erasure.marks import Marks
from jobs.lake.versions import open_version
from jobs.landing.files import LONGEST_FIELD, is_csv, readable, schema
from jobs.landing.kept_lists import KeptLists
from jobs.sources.mapping import Source


def erase_from_lists(lists: KeptLists, source: Source, column: str, marks: Marks) -> list[Month]:
    """Take customers out of every kept list; the months whose list changed.

    Args:
        lists: the lists of customers.
        source: the mapping.
        column: the delivered column that holds the id.
        marks: the customers.
    """
    changed: list[Month] = []
    for month, files in lists.folders().items():
        version = open_version(lists.kept.lake.root, lists.table)
        assert version is not None
        with TemporaryDirectory() as scratch:
            kept = [_without(path, Path(scratch), lists.kept.cache, source, column, marks) for path in files]
            if kept != list(files):
                lists.write(month, kept, upon=version.number)
                changed.append(month)
    return changed


def _without(path: Path, scratch: Path, cache: Path, source: Source, column: str, marks: Marks) -> Path:
    """A file without the rows of customers, in a scratch folder; the file itself if it has none."""
    without = _csv_without if is_csv(path) else _parquet_without
    return without(path, scratch, cache, source, column, marks)


def _parquet_without(path: Path, scratch: Path, cache: Path, source: Source, column: str, marks: Marks) -> Path:
    """Of a workbook, too, which then is Parquet."""
    rows = pq.read_table(readable(path, cache))
    ids = rows.column(column).cast(pa.string()).to_pylist()
    stays = [not marks.is_theirs(id_) for id_ in ids]
    if all(stays):
        return path
    target = scratch / f"{path.name.rpartition('.')[0]}.parquet"
    pq.write_table(rows.filter(pa.array(stays)), target)
    return target


def _csv_without(path: Path, scratch: Path, _: Path, source: Source, column: str, marks: Marks) -> Path:
    """Every other line stays as it is, byte by byte."""
    names = schema(path, source).names
    position, has_changed = names.index(column), False
    target = scratch / path.name
    with _opened(path, source, "rt") as lines, _opened(target, source, "wt") as kept:
        for number, (fields, text) in enumerate(_records(lines, source.delimiter)):
            ids = [fields[position]] if len(fields) == len(names) else fields
            if number > 0 and any(map(marks.is_theirs, ids)):
                has_changed = True
            else:
                kept.write(text)
    return target if has_changed else path


def _opened(path: Path, source: Source, mode: str) -> IO[str]:
    how = {"encoding": source.encoding, "errors": "surrogateescape", "newline": ""}
    if path.name.endswith(".gz"):
        return cast(IO[str], gzip.open(path, mode, **how))  # type: ignore[call-overload]
    return cast(IO[str], path.open(mode, **how))  # type: ignore[call-overload]


def _records(lines: IO[str], delimiter: str) -> Iterator[tuple[list[str], str]]:
    """The fields of each record of a CSV file, and its text."""
    csv.field_size_limit(LONGEST_FIELD)
    read: list[str] = []

    def remembered() -> Iterator[str]:
        for line in lines:
            read.append(line)
            yield line

    for fields in csv.reader(remembered(), delimiter=delimiter):
        yield fields, "".join(read)
        read.clear()
