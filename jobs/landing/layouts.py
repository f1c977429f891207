"""The layouts in which a table can be delivered, behind one interface. Read without Spark.

|                        | a folder per month | files without month folders |
|------------------------|--------------------|-----------------------------|
| rows have times        | `MonthFolders`     | `DatedFiles`                |
| rows describe a state  | `StateFolders`     | `StateFiles`                |
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from jobs.core.month import Month
from jobs.lake.lake import SUCCESS
from jobs.landing.calendar import Calendar
from jobs.landing.file_checks import LandingError
from jobs.landing.files import files_fingerprint


@dataclass(frozen=True, kw_only=True)
class Delivery(ABC):
    """What was delivered of one table.

    Attributes:
        table: the table's name.
        has_times: whether its rows belong to months; a table without times holds the state at the end of a month.
    """

    table: str
    has_times: ClassVar[bool]

    @property
    @abstractmethod
    def months(self) -> list[Month]:
        """The months delivered, oldest first; empty for a table without months."""

    @property
    @abstractmethod
    def last_closed(self) -> Month | None:
        """The newest month delivered in full; None for a table without months."""

    @abstractmethod
    def files_of(self, months: Sequence[Month]) -> list[Path]:
        """The files that hold rows of these months; for a table without times, its state at the end of the last.

        Raises:
            LandingError: a month's folder is not complete.
        """

    @property
    def first(self) -> Month:
        """The first month delivered."""
        return self.months[0]

    def fingerprint(self, month: Month) -> str:
        """A hash of what was delivered for a month."""
        return files_fingerprint(self.files_of([month]))

    def missing(self, months: Sequence[Month]) -> list[Month]:
        """Those of the months that should have a folder of their own, and have no complete one."""
        return []


@dataclass(frozen=True, kw_only=True)
class _Folders(Delivery):
    """A table with a folder per month.

    Attributes:
        folders: month → files of its complete folder.
    """

    folders: Mapping[Month, tuple[Path, ...]]

    @property
    def months(self) -> list[Month]:
        return sorted(self.folders)

    @property
    def last_closed(self) -> Month:
        return self.months[-1]


@dataclass(frozen=True, kw_only=True)
class MonthFolders(_Folders):
    """Rows with times, each in the folder of its month."""

    has_times = True

    def files_of(self, months: Sequence[Month]) -> list[Path]:
        """The files in the folders of these months; months before the first delivered one have none."""
        missing = self.missing(months)
        if missing:
            raise LandingError(
                f"{self.table} of {missing[0]} has not been delivered in full: its folder has no {SUCCESS}. "
                f"Complete months: {self.first} to {self.last_closed}"
            )
        return [path for month in months for path in self.folders.get(month, ())]

    def missing(self, months: Sequence[Month]) -> list[Month]:
        """The months from the first delivered one on that have no complete folder."""
        return [month for month in months if month >= self.first and month not in self.folders]


@dataclass(frozen=True, kw_only=True)
class StateFolders(_Folders):
    """The table's state at the end of each month, in the folder of that month."""

    has_times = False

    def files_of(self, months: Sequence[Month]) -> list[Path]:
        """The files of the newest state up to the last of these months; if there is none, of the earliest state."""
        until = [month for month in self.months if month <= max(months)]
        return list(self.folders[max(until, default=self.first)])


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


@dataclass(frozen=True, kw_only=True)
class StateFiles(Delivery):
    """One state of the table for all months.

    Attributes:
        files: the files that hold it.
    """

    has_times = False
    files: tuple[Path, ...]

    @property
    def months(self) -> list[Month]:
        """No months."""
        return []

    @property
    def last_closed(self) -> None:
        """No month."""
        return None

    def files_of(self, months: Sequence[Month]) -> list[Path]:
        """All files, whatever the months."""
        return list(self.files)
