"""The lists that a shop overwrites, as they were delivered, byte by byte: one a month, in a table of the lake."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from jobs.core.month import Month
from jobs.lake.arrow import batches_of_rows, write_rows
from jobs.lake.commits import ChangedError
from jobs.lake.schemas import arrow_schema
from jobs.lake.tables import Table, delivered
from jobs.lake.versions import Record
from jobs.landing.cache import Kept, scratch_folder
from jobs.landing.files import files_fingerprint
from jobs.landing.without import Left, without

_PIECE_BYTES = 16 << 20
_UNPACKED = "lists"


@dataclass(frozen=True)
class KeptLists:
    """The lists of a table that the lake keeps.

    Attributes:
        name: the table's name: customers or products.
        kept: where they are kept.
    """

    name: str
    kept: Kept

    @property
    def table(self) -> Table:
        """The table of the lake."""
        return delivered(self.name)

    def folders(self) -> Mapping[Month, tuple[Path, ...]]:
        """Month → the files of its list, in the cache; raises DamagedError if a list is not as it was kept."""
        return {month: self.files(month) for month in map(Month.parse, self.kept.lake.periods(self.table))}

    def files(self, month: Month) -> tuple[Path, ...]:
        """The files of a month's list, in the cache."""
        fingerprint = self.kept.lake.record(self.table, month).fingerprint
        folder = self.kept.cache / _UNPACKED / f"{self.name}-{fingerprint[:16]}" / f"month={month}"
        if not folder.is_dir() or files_fingerprint(list(folder.iterdir())) != fingerprint:
            shutil.rmtree(folder, ignore_errors=True)
            folder.parent.mkdir(parents=True, exist_ok=True)
            with TemporaryDirectory(dir=folder.parent, prefix=".") as unfinished:
                self._unpack(month, Path(unfinished) / folder.name)
                _move(Path(unfinished) / folder.name, folder)
        return tuple(sorted(folder.iterdir()))

    def keep(self, month: Month, files: Sequence[Path], left: Left | None = None) -> tuple[Path, ...]:
        """Keep the first list of a month, without those who are left out; its files in the cache."""
        if not self.kept.lake.is_complete(self.table, month):
            with suppress(ChangedError), self._without(files, left) as kept:  # another plan came first: its list stays
                self._write(month, kept, upon=0)
        return self.files(month)

    def leave_out(self, left: Left) -> list[Month]:
        """Take rows out of every list that is kept; the months whose list has changed.

        Raises:
            DamagedError: a list is not as it was kept.
            ChangedError: a list was kept meanwhile.
        """
        changed: list[Month] = []
        for month, files in self.folders().items():
            version = self.kept.lake.version(self.table)
            assert version is not None
            with self._without(files, left) as kept:
                if kept != list(files):
                    self._write(month, kept, upon=version.number)
                    changed.append(month)
        return changed

    @contextmanager
    def _without(self, files: Sequence[Path], left: Left | None) -> Iterator[list[Path]]:
        with scratch_folder(self.kept.cache) as scratch:
            yield [path if left is None else without(path, scratch, self.kept.cache, left) for path in files]

    def _write(self, month: Month, files: Sequence[Path], *, upon: int) -> None:
        pieces = sum(-(-path.stat().st_size // _PIECE_BYTES) for path in files)
        record = Record(rows=pieces, fingerprint=files_fingerprint(files))
        write_rows(_pieces(files, arrow_schema(self.table)), self.kept.lake, self.table, month, record, upon=upon)

    def _unpack(self, month: Month, folder: Path) -> None:
        folder.mkdir()
        for batch in batches_of_rows(self.kept.lake, self.table, month, self.table.names, most_rows=1):
            for row in batch.to_pylist():
                with (folder / row["source_file"]).open("ab") as file:
                    file.write(row["content"])


def _pieces(files: Sequence[Path], schema: pa.Schema) -> Iterator[pa.Table]:
    for path in sorted(files):
        with path.open("rb") as file:
            for piece, content in enumerate(iter(lambda: file.read(_PIECE_BYTES), b"")):
                row = {"source_file": path.name, "piece": piece, "content": content}
                yield pa.Table.from_pylist([row], schema=schema)


def _move(unfinished: Path, folder: Path) -> None:
    """Another process may have unpacked the same list meanwhile."""
    try:
        os.rename(unfinished, folder)
    except OSError:
        if not folder.is_dir():
            raise
