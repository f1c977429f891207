"""The layouts in which a table can be delivered, behind one interface. Read without Spark.

|                        | a folder per month | files without month folders |
|------------------------|--------------------|-----------------------------|
| rows have times        | `MonthFolders`     | `DatedFiles`                |
| rows describe a state  | `StateFolders`     | `StateFiles`                |

A table whose rows describe a state is a list: the customers, the products. Each of its lists is of one month.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from jobs.core.month import Month
from jobs.landing.calendar import Calendar
from jobs.landing.contents import Rows, contents
from jobs.landing.file_checks import LandingError
from jobs.landing.kept_lists import KeptLists
from jobs.landing.without import Left
from jobs.sources.mapping import Source

SUCCESS = "_SUCCESS"
"""The file that says that a month's folder is complete."""


@dataclass(frozen=True, kw_only=True)
class Delivery(ABC):
    """What was delivered of one table.

    Attributes:
        table: the table's name.
        has_times: whether its rows have times; a table without times holds the state at the end of each month.
    """

    table: str
    has_times: ClassVar[bool]

    @property
    @abstractmethod
    def months(self) -> list[Month]:
        """The months delivered, oldest first."""

    @property
    @abstractmethod
    def last_closed(self) -> Month | None:
        """The newest month delivered in full; None if there is none."""

    @abstractmethod
    def files_of(self, months: Sequence[Month]) -> list[Path]:
        """The files that hold rows of these months; raises LandingError if a month's folder is not complete."""

    @property
    def first(self) -> Month:
        """The first month delivered."""
        return self.months[0]

    @property
    def older_lists(self) -> frozenset[Path]:
        """The files of lists that are not the newest; empty for tables with times."""
        return frozenset()

    @abstractmethod
    def fingerprint(self, month: Month) -> str:
        """A hash of a month's rows, of the columns that can change what becomes of them."""

    def missing(self, months: Sequence[Month]) -> list[Month]:
        """Those of the months that should have a folder of their own, and have no complete one."""
        return []


@dataclass(frozen=True, kw_only=True)
class _Folders(Delivery):
    """A table with a folder per month.

    Attributes:
        folders: month → files of its complete folder.
        source: the mapping.
        cache: the folder that keeps what is known of the files.
    """

    folders: Mapping[Month, tuple[Path, ...]]
    source: Source
    cache: Path

    @property
    def months(self) -> list[Month]:
        return sorted(self.folders)

    @property
    def last_closed(self) -> Month | None:
        return max(self.folders, default=None)

    def files_of(self, months: Sequence[Month]) -> list[Path]:
        """The files in the folders of these months; months before the first delivered one have none."""
        missing = self.missing(months)
        if missing:
            raise LandingError(
                f"{self.table} of {missing[0]} has not been delivered in full: its folder has no {SUCCESS}. "
                f"Complete months: {self.first} to {self.last_closed}"
            )
        return [path for month in months for path in self.folders.get(month, ())]

    def fingerprint(self, month: Month) -> str:
        return str(self._rows(self.folders.get(month, ())))

    def _rows(self, files: Sequence[Path]) -> Rows:
        columns = self.source.tables[self.table]
        older = self.older_lists
        read = (contents(path, self.source, columns, self.cache, is_older_list=path in older) for path in files)
        return sum((rows for months in read for rows in months.values()), Rows())


@dataclass(frozen=True, kw_only=True)
class MonthFolders(_Folders):
    """Rows with times, each in the folder of its month."""

    has_times = True

    def missing(self, months: Sequence[Month]) -> list[Month]:
        """The months from the first delivered one on that have no complete folder."""
        return [month for month in months if month >= self.first and month not in self.folders]


@dataclass(frozen=True, kw_only=True)
class StateFolders(_Folders):
    """The table's state at the end of each month, in the folder of that month."""

    has_times = False

    @property
    def older_lists(self) -> frozenset[Path]:
        """The files of every month but the newest."""
        return frozenset(path for month in self.months[:-1] for path in self.folders[month])

    def missing(self, months: Sequence[Month]) -> list[Month]:
        """The months that follow one with a list, and have none themselves."""
        return [month for month in months if month not in self.folders and month.plus(-1) in self.folders]

    def files_of(self, months: Sequence[Month]) -> list[Path]:
        """The files in the folders of these months; months without a list have none."""
        return [path for month in months for path in self.folders.get(month, ())]


@dataclass(frozen=True, kw_only=True)
class StateFiles(StateFolders):
    """The table's state in files that are overwritten: the lake keeps each month's first.

    Attributes:
        files: the state that is delivered now.
        kept: the lists that the lake keeps.
        filed_under: the months that the files are filed under but not kept for yet.
    """

    files: tuple[Path, ...]
    kept: KeptLists
    filed_under: tuple[Month, ...] = ()

    def missing(self, months: Sequence[Month]) -> list[Month]:
        """None: the files are there."""
        return []

    def filed(self, months: Collection[Month]) -> StateFiles:
        """File what is delivered now under those of the months that have no state."""
        new = tuple(sorted(set(months) - self.folders.keys()))
        return replace(self, folders={**self.folders, **dict.fromkeys(new, self.files)}, filed_under=new)

    def keep(self, left: Left | None = None) -> StateFiles:
        """Keep what was filed, without those who are left out, so that it stays when the shop overwrites it.

        Only a kept list can be ingested: rows have the month of their file's folder.

        Raises:
            LandingError: a file is damaged or lacks a column that the mapping names.
        """
        if self.filed_under:
            self._rows(self.files)
        folders = {month: self.kept.keep(month, self.files, left) for month in self.filed_under}
        return replace(self, folders={**self.folders, **folders}, filed_under=())


@dataclass(frozen=True, kw_only=True)
class DatedFiles(Delivery):
    """Rows with times, in files that hold any months.

    Attributes:
        calendar: which months the files hold.
    """

    has_times = True
    calendar: Calendar

    @property
    def months(self) -> list[Month]:
        """The months that hold rows, oldest first."""
        return self.calendar.months

    @property
    def last_closed(self) -> Month:
        """The newest month that is over, as later rows show: see `Calendar.last_closed`."""
        return self.calendar.last_closed

    def files_of(self, months: Sequence[Month]) -> list[Path]:
        """The files that hold rows of these months."""
        return self.calendar.files_of(months)

    def fingerprint(self, month: Month) -> str:
        """A hash of the month's rows, which other months in the same file do not change."""
        return self.calendar.fingerprint(month)
