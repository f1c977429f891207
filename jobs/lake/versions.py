"""One version of a table: the files and the record of each period, as its Delta log says.

The log is a list of commits. Each makes the next version, in one step: readers of a version see all of its files, and
no others. A commit that replaces periods holds their records. Numbers that a commit keeps under a name (transaction
identifiers, in the words of Delta Lake's protocol) tell where things are:

| name | number |
|---|---|
| `month=2011-11` (the period) | the version whose commit holds the period's record |
| `plan 2011-11` | the run that was planned last for the data month: no other may write |
| `view 2011-11` | the version that this run reads: the one it committed last |
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError
from pyarrow.fs import FileSystem, FileType

from jobs.core.month import Month
from jobs.core.refusal import RefusedError
from jobs.lake.storage import file_system
from jobs.lake.tables import Table

Period = Month | date
"""A month for tables split by month, an `as_of` date for those split by as_of."""

_PASSING = re.compile(r"Generic \w+ error|object store|Permission denied|timed out", re.IGNORECASE)
"""What errors say that are about the way to the log, and not about the log: a retry may help."""

_MAGIC_BYTES = 8
"""What a Parquet file ends with: the length of its footer, and four letters."""

PERIODS = "periods"
"""What a commit says of its periods: the record of each."""


@dataclass(frozen=True)
class Record:
    """What is known of the rows of a period.

    Attributes:
        rows: their number.
        fingerprint: hash of the rows, independent of their order.
        inputs: what the rows were made from: name of an input → its fingerprint.
        sums: sums of the money columns, as text.
    """

    rows: int
    fingerprint: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    sums: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class File:
    """A data file: its path below the lake's root, its size in bytes, and its number of rows."""

    path: str
    size: int
    rows: int


class IncompleteError(RuntimeError):
    """A required period was never written."""


class DamagedError(RefusedError):
    """A table's log cannot be read, or a file is not as the log says."""


class Version:
    """A version of a table. A period is given as its text: `2011-11` or `2011-12-01`."""

    def __init__(self, root: str, table: Table, delta: DeltaTable) -> None:
        self._root, self._table, self.delta = root, table, delta
        self._damage: dict[str, str | None] = {}
        self._commits: dict[int, Mapping[str, Any]] = {}

    @property
    def number(self) -> int:
        """The number of the version."""
        return int(self.delta.version())

    def named(self, name: str) -> int | None:
        """The number that the log keeps under a name."""
        return self.delta.transaction_version(name)

    @cached_property
    def files(self) -> Mapping[str, Sequence[File]]:
        """Period → its files, in the order of their names."""
        actions = pa.table(self.delta.get_add_actions(flatten=True))
        periods: dict[str, list[File]] = {}
        for action in actions.sort_by("path").to_pylist():
            period = action[f"partition.{self._table.period_key}"]
            path = f"{self._table.name}/{action['path']}"
            periods.setdefault(period, []).append(File(path, action["size_bytes"], action["num_records"]))
        return periods

    @cached_property
    def periods(self) -> Mapping[str, int]:
        """The periods that were written, oldest first → the version whose commit holds the record.

        What anybody else has committed has no record.
        """
        numbers = {period: self.named(f"{self._table.period_key}={period}") for period in sorted(self.files)}
        return {period: number for period, number in numbers.items() if number is not None}

    def record(self, period: str) -> Record:
        """The record of a period that was written."""
        return Record(**self.commit(self.periods[period])[PERIODS][period])

    def commit(self, number: int) -> Mapping[str, Any]:
        """What a commit says of itself; raises DamagedError if it cannot be read."""
        if number not in self._commits:
            path = f"{self._table.name}/_delta_log/{number:020d}.json"
            try:
                with file_system(self._root).open_input_file(path) as log:
                    actions = map(json.loads, log.read().splitlines())
                    self._commits[number] = next(action["commitInfo"] for action in actions if "commitInfo" in action)
            except (FileNotFoundError, ValueError, StopIteration) as error:
                raise unreadable(self._root, self._table) from error
        return self._commits[number]

    def damage(self, period: str) -> str | None:
        """How the files of a period differ from the log, or the log from the period's record; None if they do not."""
        if period not in self._damage:
            self._damage[period] = self._found_damage(period)
        return self._damage[period]

    def _found_damage(self, period: str) -> str | None:
        store, files = file_system(self._root), self.files.get(period, ())
        for file, found in zip(files, store.get_file_info([file.path for file in files]), strict=True):
            if found.type != FileType.File:
                return f"{file.path} is missing"
            if found.size != file.size:
                return f"{file.path} has {found.size} bytes, but {file.size} in the log"
            footer = _footer(store, file)
            try:
                rows = pq.read_metadata(pa.BufferReader(footer)).num_rows
            except (ValueError, OSError) as error:
                return f"{file.path} cannot be read: {error}"
            if rows != file.rows:
                return f"{file.path} has {rows} rows, but {file.rows} in the log"
        there, recorded = sum(file.rows for file in files), self.record(period).rows
        return None if there == recorded else f"there are {there} rows, but {recorded} in the record"


def _footer(store: FileSystem, file: File) -> bytes:
    """The end of a Parquet file, with all that it says of itself; raises OSError if the store cannot be reached."""
    with store.open_input_file(file.path) as opened:
        opened.seek(max(file.size - _MAGIC_BYTES, 0))
        length = int.from_bytes(opened.read(4), "little") + _MAGIC_BYTES
        opened.seek(max(file.size - length, 0))
        return bytes(opened.read())


def open_version(root: str, table: Table, number: int | None = None) -> Version | None:
    """A version of a table, the newest by default; None if the table does not exist.

    Raises:
        DamagedError: the log is torn, or a part of it is missing.
        deltalake.exceptions.DeltaError: the store cannot be reached.
    """
    try:
        version = Version(root, table, DeltaTable(f"{root}/{table.name}", version=number))
        version.commit(version.number)  # delta-rs takes an empty log file for a commit that changes nothing
        return version
    except TableNotFoundError:
        return None
    except DeltaError as error:
        if _PASSING.search(str(error)):
            raise
        raise unreadable(root, table) from error


def unreadable(root: str, table: Table) -> DamagedError:
    """The error about a log that cannot be read."""
    return DamagedError(
        f"the log of {table.name} in {root} cannot be read: nothing was changed. docs/runbook.md says how to restore it"
    )
