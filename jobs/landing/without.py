"""Delivered files without the rows of some customers; every other row stays as it was delivered."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.landing.files import LONGEST_FIELD, is_csv, readable, schema
from jobs.sources.mapping import Source


@dataclass(frozen=True)
class Left:
    """Whom to leave out.

    Attributes:
        source: the mapping.
        column: the delivered column that holds the id.
        is_theirs: whether an id, as delivered, is one of theirs.
        are_in: whether a line whose fields do not match the header names one of them.
    """

    source: Source
    column: str
    is_theirs: Callable[[str | None], bool]
    are_in: Callable[[str], bool]


def without(path: Path, folder: Path, cache: Path, left: Left) -> Path:
    """A file without the rows of customers, in another folder; the file itself if it has none.

    A workbook becomes Parquet.

    Raises:
        LandingError: the file is damaged.
    """
    return _csv_without(path, folder, left) if is_csv(path) else _parquet_without(path, folder, cache, left)


def _parquet_without(path: Path, folder: Path, cache: Path, left: Left) -> Path:
    rows = pq.read_table(readable(path, cache))
    stays = [not left.is_theirs(id_) for id_ in rows.column(left.column).cast(pa.string()).to_pylist()]
    if all(stays):
        return path
    target = folder / f"{path.name.rpartition('.')[0]}.parquet"
    pq.write_table(rows.filter(pa.array(stays)), target)
    return target


def _csv_without(path: Path, folder: Path, left: Left) -> Path:
    names = schema(path, left.source).names
    position, has_changed = names.index(left.column), False
    target = folder / path.name
    with _opened(path, left.source, "rt") as lines, _opened(target, left.source, "wt") as kept:
        for number, (fields, text) in enumerate(_records(lines, left.source.delimiter)):
            is_whole = len(fields) == len(names)
            if number > 0 and (left.is_theirs(fields[position]) if is_whole else left.are_in(text)):
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
