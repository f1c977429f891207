"""The lake: one folder per table and period, complete once it holds `_SUCCESS`, and replaced atomically.

`_SUCCESS` is a JSON record of the folder's rows and of the inputs they were made from. A folder is current as long as
the fingerprints of its inputs, and of the code that made it, equal those in its record.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

from jobs.core.month import Month, previous_as_of
from jobs.lake.staging import exclusive, private_folder, remove_orphans
from jobs.lake.tables import Table

STAGING = ".staging"
LOCKS = ".locks"
SUCCESS = "_SUCCESS"

Period = Month | date
"""A month for tables split by month, an `as_of` date for those split by as_of."""


@dataclass(frozen=True)
class Record:
    """The content of a period's `_SUCCESS` file.

    Attributes:
        rows: number of rows in the folder.
        fingerprint: hash of the rows, independent of their order.
        inputs: what the rows were made from: name of an input → its fingerprint.
        sums: sums of the money columns, as text.
    """

    rows: int
    fingerprint: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    sums: Mapping[str, str] = field(default_factory=dict)


class IncompleteError(RuntimeError):
    """A required period has no `_SUCCESS`."""


@dataclass(frozen=True)
class Lake:
    """The lake in one root folder.

    Attributes:
        root: the folder.
        fence: called right before each replacement of a period; raises if the writer's run may not write any more.
    """

    root: Path
    fence: Callable[[], None] | None = field(default=None, compare=False, repr=False)

    def folder(self, table: Table, period: Period) -> Path:
        """The folder of a table's period, whether it exists or not."""
        return self.root / table.name / f"{table.period_key}={period}"

    def record(self, table: Table, period: Period) -> Record:
        """The record of a complete period; raises IncompleteError if the period is not complete."""
        try:
            text = (self.folder(table, period) / SUCCESS).read_text(encoding="utf-8")
        except FileNotFoundError:
            raise IncompleteError(
                f"{table.name} has no complete {table.period_key}={period} in {self.root}: run the task that writes it"
            ) from None
        return Record(**json.loads(text))

    def is_complete(self, table: Table, period: Period) -> bool:
        """Whether a period is complete."""
        return (self.folder(table, period) / SUCCESS).is_file()

    def is_current(self, table: Table, period: Period, inputs: Mapping[str, str]) -> bool:
        """Whether a period is complete and was made from exactly these inputs."""
        return self.is_complete(table, period) and dict(self.record(table, period).inputs) == dict(inputs)

    def before(self, table: Table, period: Period) -> Period | None:
        """The period a month earlier, if it is complete."""
        earlier = period.plus(-1) if isinstance(period, Month) else previous_as_of(period)
        return earlier if self.is_complete(table, earlier) else None

    def newest(self, table: Table, month: Month) -> Month | None:
        """The newest complete month of a table up to `month`; None if there is none."""
        return max((past for past in map(Month.parse, self.periods(table)) if past <= month), default=None)

    def periods(self, table: Table) -> list[str]:
        """The complete periods of a table as text (`2011-11` or `2011-12-01`), oldest first."""
        prefix = f"{table.period_key}="
        complete = (self.root / table.name).glob(f"{prefix}*/{SUCCESS}")
        return sorted(path.parent.name.removeprefix(prefix) for path in complete)

    @contextmanager
    def staging(self, table: Table) -> Iterator[Path]:
        """A private folder to write into before `promote`; always removed afterwards."""
        with private_folder(self.root / STAGING, table.name.replace("/", "_")) as folder:
            yield folder

    def remove_orphans(self) -> None:
        """Remove the staging folders of killed tasks."""
        remove_orphans(self.root / STAGING)

    def promote(self, staged: Path, table: Table, period: Period, record: Record) -> None:
        """Replace a period by a staged folder. `staged` need not exist if the period has no rows.

        Processes that replace periods of one table wait for each other. Raises what the fence raises, if it refuses.
        """
        staged.mkdir(parents=True, exist_ok=True)
        (staged / SUCCESS).write_text(json.dumps(asdict(record), sort_keys=True, indent=1), encoding="utf-8")
        target = self.folder(table, period)
        target.parent.mkdir(parents=True, exist_ok=True)
        replaced = staged.with_name(f"{staged.name}.replaced")
        with exclusive(self.root / LOCKS / table.name.replace("/", "_")):
            if self.fence is not None:
                self.fence()
            if target.exists():
                os.rename(target, replaced)
            os.rename(staged, target)
        shutil.rmtree(replaced, ignore_errors=True)


def parquet_files(lake: Lake, table: Table, periods: Sequence[Period]) -> list[str]:
    """The Parquet files of periods, for readers other than Spark; raises IncompleteError if one is not complete."""
    files: list[str] = []
    for period in periods:
        lake.record(table, period)
        files += sorted(str(path) for path in lake.folder(table, period).glob("*.parquet"))
    return files
