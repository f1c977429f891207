"""The lake: one Delta table per table, split by period; a period is replaced as a whole, in one commit.

A period has a record: its rows, and the inputs they were made from. It is current as long as the fingerprints of its
inputs, and of the code that made it, equal those in its record, and its files are as the log says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from uuid import uuid4

from pyarrow.fs import FileSystem

from jobs.core.fence import SupersededError
from jobs.core.month import Month, previous_as_of
from jobs.lake.commits import (
    Change,
    CommitError,
    PlannedRun,
    UncertainError,
    commit,
    refuse_older,
    refuse_older_than_known,
    refuse_unplanned,
)
from jobs.lake.storage import file_system
from jobs.lake.tables import DELIVERED_COLUMNS, Table
from jobs.lake.versions import DamagedError, File, IncompleteError, Period, Record, Version, open_version
from jobs.lake.written import written_files


@dataclass(frozen=True)
class Lake:
    """The lake as it is now, as a run sees it, or as it was.

    Attributes:
        root: its folder, or the address of its prefix in an object store.
        run: the run that reads and writes. It sees each table as it was when the run was planned, with what the run
            has written since, and writes only while no newer run of its month is planned.
        versions: table → the version to read. A table that is not named is read as it is when it is read first. None:
            every table is read as it is now, each time. A run always reads a table in one version.
    """

    root: str
    run: PlannedRun | None = None
    versions: Mapping[str, int] | None = field(default=None, hash=False)
    _seen: dict[str, Version] = field(default_factory=dict, init=False, compare=False, repr=False)
    _attempted: set[str] = field(default_factory=set, init=False, compare=False, repr=False)

    @classmethod
    def of_run(cls, root: str, as_of: date, run_id: int) -> Lake:
        """The lake as a run sees it whose data month ends before `as_of`."""
        return cls(root, PlannedRun(run_id, Month.before(as_of)))

    @property
    def files(self) -> FileSystem:
        """Its files, by their paths below the root."""
        return file_system(self.root)

    def version(self, table: Table) -> Version | None:
        """The version of a table that is read; None if the table does not exist.

        Raises:
            SupersededError: a newer run of the month is planned.
            DamagedError: the log cannot be read.
        """
        if table.name in self._seen:
            return self._seen[table.name]
        version = open_version(self.root, table, (self.versions or {}).get(table.name))
        if version is not None and self.run is not None:
            refuse_older(version, self.run)
            viewed = version.named(self.run.view)
            if viewed not in (None, version.number):
                version = open_version(self.root, table, viewed)
        self._keep(table, version)
        return version

    def versions_of(self, tables: Sequence[Table]) -> dict[str, int]:
        """Table → the version that is read, of those that exist."""
        versions = {table.name: self.version(table) for table in tables}
        return {name: version.number for name, version in versions.items() if version is not None}

    @property
    def read(self) -> dict[str, int]:
        """Table → the version that was read so far, as far as it is fixed."""
        return {name: version.number for name, version in sorted(self._seen.items())}

    def is_complete(self, table: Table, period: Period) -> bool:
        """Whether a period was written; its files may be damaged."""
        return str(period) in self.periods(table)

    def record(self, table: Table, period: Period) -> Record:
        """The record of a period; raises IncompleteError if it was never written."""
        return self._holding(self.version(table), table, period).record(str(period))

    def _holding(self, version: Version | None, table: Table, period: Period) -> Version:
        if version is None or str(period) not in version.periods:
            raise IncompleteError(
                f"{table.name} has no complete {table.period_key}={period} in {self.root}: run the task that writes it"
            )
        return version

    def is_intact(self, table: Table, period: Period) -> bool:
        """Whether a period was written and its files are as the log says."""
        version = self.version(table)
        return version is not None and str(period) in version.periods and version.damage(str(period)) is None

    def is_current(self, table: Table, period: Period, inputs: Mapping[str, str]) -> bool:
        """Whether a period is intact and was made from exactly these inputs."""
        return self.is_intact(table, period) and self.record(table, period).inputs == dict(inputs)

    def before(self, table: Table, as_of: date) -> date | None:
        """The `as_of` a month earlier, if it was written."""
        earlier = previous_as_of(as_of)
        return earlier if self.is_complete(table, earlier) else None

    def newest(self, table: Table, month: Month) -> Month | None:
        """The newest month of a table up to `month`; None if there is none."""
        return max((past for past in map(Month.parse, self.periods(table)) if past <= month), default=None)

    def periods(self, table: Table) -> list[str]:
        """The periods of a table as text (`2011-11` or `2011-12-01`), oldest first."""
        version = self.version(table)
        return [] if version is None else list(version.periods)

    def files_of(self, table: Table, periods: Sequence[Period]) -> list[File]:
        """The data files of periods.

        Raises:
            IncompleteError: a period was never written.
            DamagedError: a file is not as the log says.
        """
        files: list[File] = []
        seen = self.version(table)
        for period in periods:
            version = self._holding(seen, table, period)
            damage = version.damage(str(period))
            if damage is not None:
                remedy = (
                    "restore the file from the backup: nothing else holds this list"
                    if table.columns == DELIVERED_COLUMNS
                    else "clear the month's run from its plan task on, which writes the period again"
                )
                raise DamagedError(
                    f"{table.name} {table.period_key}={period} in {self.root}, version {version.number}: {damage}. "
                    f"Nothing was read; {remedy}"
                )
            files += version.files[str(period)]
        return files

    def folder(self, table: Table, period: Period) -> str:
        """Where the files of a period are; raises the errors of `files_of`."""
        [folder] = {file.path.rpartition("/")[0] for file in self.files_of(table, [period])}
        return f"{self.root}/{folder}"

    @contextmanager
    def writing(self, table: Table) -> Iterator[str]:
        """A new folder for files of a table, as its path below the root; removed if it is certainly not committed."""
        # No `=`: readers take every folder `name=value` for a partition.
        folder = f"{table.name}/{f'run-{self.run.run_id}' if self.run else 'write'}-{uuid4().hex}"
        self.files.create_dir(folder)
        try:
            yield folder
        except BaseException as error:
            # After an attempt to commit, the log may come to name the files: a vacuum removes them if it does not.
            is_refused = isinstance(error, (CommitError, SupersededError)) and not isinstance(error, UncertainError)
            if is_refused or folder not in self._attempted:
                self.files.delete_dir(folder)
            raise

    def commit(self, table: Table, folder: str, records: Mapping[Period, Record], *, upon: int | None = None) -> None:
        """Replace periods by the files in a folder, in one step.

        Args:
            table: the table.
            folder: the folder of `writing`; the files of a period are in its `month=2011-11` or `as_of=2011-12-01`.
            records: every period to replace → its record. A period without files must have no rows.
            upon: the version after which none of the periods may have been written, if it matters; 0: none ever.

        Raises:
            ContractError: the files hold other periods or another number of rows than the records say.
            SupersededError: a newer run of the month is planned.
            ChangedError: a period was written after `upon`.
            CommitError: the log cannot be written.
        """
        texts = {str(period): record for period, record in records.items()}
        files = written_files(self.files, table, folder, texts)
        change = Change(write=folder.rpartition("/")[2], records=texts, files=files, read=self.read, upon=upon)
        self._attempted.add(folder)
        number = commit(self.root, table, change, self.run, refuse_unplanned)
        self._keep(table, open_version(self.root, table, number))

    def take_over(self, tables: Sequence[Table], is_known: Callable[[int], bool]) -> dict[str, int]:
        """Let no earlier run of the month write from now on; table → the version that the run reads.

        Args:
            tables: the tables that it writes.
            is_known: whether the database knows a run.

        Raises:
            SupersededError: a newer run, which the database knows, is planned already.
        """
        assert self.run is not None
        change = Change(write=f"plan of run {self.run.run_id}")
        for table in tables:
            number = commit(self.root, table, change, self.run, partial(refuse_older_than_known, is_known))
            self._keep(table, open_version(self.root, table, number))
        return self.read

    def _keep(self, table: Table, version: Version | None) -> None:
        if version is not None and (self.run is not None or self.versions is not None):
            self._seen[table.name] = version
