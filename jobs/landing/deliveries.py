"""What a shop has delivered: which tables, for which months, in which files. Read without Spark.

Two layouts, table by table: files that hold any months (one file, or a folder of files), or a folder a month
(`<landing>/<table>/month=2011-11/`) that counts once it holds `_SUCCESS`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jobs.core.month import Month
from jobs.lake import tables
from jobs.lake.lake import SUCCESS, recipe
from jobs.landing.cache import CACHE
from jobs.landing.calendar import Calendar, calendar
from jobs.landing.files import FORMATS, LandingError, check_is_file, has_known_format, reading, sha256
from jobs.sources.mapping import Source

TABLES = {
    "products": tables.PRODUCTS,
    "customers": tables.CUSTOMERS,
    "sessions": tables.SESSIONS,
    "transactions": tables.TRANSACTIONS,
}
"""What a shop may deliver, in the order it is ingested: name → table of the lake."""

_MONTH_PREFIX = "month="
_ROW_MODULES = (
    "jobs.cleaning.ingestion",
    "jobs.cleaning.reconciliation",
    "jobs.landing.spark_reader",
    "jobs.landing.times",
    "jobs.landing.parquet_copy",
    "jobs.cleaning.customers",
    "jobs.cleaning.filing",
    "jobs.cleaning.transactions",
    "jobs.cleaning.margin",
    "jobs.cleaning.parsing",
    "jobs.cleaning.products",
    "jobs.cleaning.quarantine",
    "jobs.cleaning.sessions",
)
"""The modules that decide what a delivered row becomes."""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What was delivered of one table: one of `folders`, `calendar` and `files` tells the layout.

    Attributes:
        table: the table's name.
        has_times: whether its rows belong to months; a table without times holds the state at the end of a month.
        folders: month → files, where each month has a folder that is complete.
        calendar: which months the files hold, where the table has times and its files hold any months.
        files: the files of a table without times.
    """

    table: str
    has_times: bool
    folders: Mapping[Month, tuple[Path, ...]] | None = None
    calendar: Calendar | None = None
    files: tuple[Path, ...] = ()

    @property
    def months(self) -> list[Month]:
        """The months delivered, oldest first; empty for a table without months."""
        return sorted(self.folders if self.folders is not None else self.calendar.months if self.calendar else ())

    @property
    def first(self) -> Month:
        """The first month delivered."""
        return self.months[0]

    @property
    def last_closed(self) -> Month | None:
        """The newest month delivered in full: it has a complete folder, or the files go on after its end."""
        if self.folders is not None:
            return self.months[-1]
        return self.months[-1].plus(-1) if self.calendar else None

    def files_of(self, months: Sequence[Month]) -> list[Path]:
        """The files that hold rows of these months; of a table without times, the state at the end of the last.

        That state is the newest folder's up to then, else the earliest folder's.

        Raises:
            LandingError: a month's folder is not complete.
        """
        if self.calendar is not None:
            return self.calendar.files_of(months)
        if self.folders is None:
            return list(self.files)
        if self.has_times:
            return [path for month in months for path in self._folder(month)]
        delivered = [month for month in self.months if month <= max(months)]
        return list(self.folders[max(delivered, default=self.first)])

    def fingerprint(self, month: Month) -> str:
        """A hash of what was delivered for a month; that of a file with any months covers the month's rows alone."""
        return self.calendar.fingerprint(month) if self.calendar else files_fingerprint(self.files_of([month]))

    def missing(self, months: Sequence[Month]) -> list[Month]:
        """Those of the months that should have a folder of their own, after the first delivered, and have none."""
        if self.folders is None or not self.has_times:
            return []
        return [month for month in months if month >= self.first and month not in self.folders]

    def _folder(self, month: Month) -> tuple[Path, ...]:
        assert self.folders is not None
        if month < self.first:
            return ()
        if month not in self.folders:
            raise LandingError(
                f"{self.table} of {month} has not been delivered in full: its folder has no {SUCCESS}. "
                f"Complete months: {self.first} to {self.months[-1]}"
            )
        return self.folders[month]


def files_fingerprint(files: Sequence[Path]) -> str:
    """A hash over the names and bytes of files."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path.name} {sha256(path)}\n".encode())
    return digest.hexdigest()


def ingest_inputs(source: Source, delivered: Delivery, month: Month) -> dict[str, str]:
    """What a month of a table in the lake is made from; `Lake.is_current` compares it with the folder's record.

    Where rows without a time of their own are filed under the month, `dated` is the fingerprint of the others.
    """
    inputs = {
        "landing": delivered.fingerprint(month),
        "mapping": hashlib.sha256(repr(source).encode()).hexdigest()[:16],
        "code": recipe(*_ROW_MODULES),
    }
    dated = delivered.calendar.dated_fingerprint(month) if delivered.calendar else inputs["landing"]
    return inputs if dated == inputs["landing"] else inputs | {"dated": dated}


def deliveries(source: Source, landing: Path, lake: Path) -> dict[str, Delivery]:
    """Every table of the source that has been delivered, by name.

    Args:
        source: the mapping.
        landing: the file or folder the shop delivers to.
        lake: the lake's root; copies of workbooks and what is known about large files are kept in its `landing_cache`.

    Raises:
        LandingError: there are no transactions, or a file cannot be used.
    """
    if not landing.exists():
        raise LandingError(f"{landing} is not there: set CLV_LANDING to the file or folder the shop delivers to")
    found = {table: delivery(source, table, landing, lake) for table in source.tables}
    if found["transactions"] is None:
        raise LandingError(
            f"{landing} holds no transactions: deliver transactions{'|'.join(FORMATS)}, or "
            f"transactions/{_MONTH_PREFIX}YYYY-MM/ with a {SUCCESS} in it"
        )
    return {table: delivered for table, delivered in found.items() if delivered is not None}


def delivery(source: Source, table: str, landing: Path, lake: Path) -> Delivery | None:
    """What was delivered of one table, or None; raises LandingError where it cannot be used."""
    columns = source.tables[table]
    with reading(landing):
        place = _place(table, landing)
        if place is None:
            return None
        if isinstance(place, Path) and any(place.glob(f"{_MONTH_PREFIX}*")):
            return Delivery(table=table, has_times=columns.time is not None, folders=_month_folders(place))
        files = _data_files(place) if isinstance(place, Path) else place
    for path in files:
        check_is_file(path)
    if columns.time is None:
        return Delivery(table=table, has_times=False, files=files)
    return Delivery(table=table, has_times=True, calendar=calendar(files, source, columns, lake / CACHE))


def _place(table: str, landing: Path) -> Path | tuple[Path, ...] | None:
    """The folder of a table, or its files."""
    if landing.is_file():
        return (landing,) if table == "transactions" else None
    candidates = [landing / f"{table}{ending}" for ending in ("", *FORMATS)]
    present = [path for path in candidates if path.exists()]
    if len(present) > 1:
        names = ", ".join(path.name for path in present)
        raise LandingError(f"{landing} holds {names}: one of them is meant, remove the others")
    if present:
        return present[0] if present[0].is_dir() and present[0].name == table else tuple(present)
    loose = tuple(sorted(p for p in landing.iterdir() if has_known_format(p) and p.name.split(".")[0] not in TABLES))
    return loose if table == "transactions" and loose else None


def _month_folders(place: Path) -> dict[Month, tuple[Path, ...]]:
    strangers = [p.name for p in place.iterdir() if not p.name.startswith((_MONTH_PREFIX, "_", "."))]
    if strangers:
        raise LandingError(f"{place} holds month folders and {', '.join(sorted(strangers))} beside them: sort them in")
    folders = {
        _month(folder): _data_files(folder)
        for folder in sorted(place.glob(f"{_MONTH_PREFIX}*"))
        if (folder / SUCCESS).is_file()
    }
    if not folders:
        raise LandingError(f"{place} has no month with a {SUCCESS}: write it into each month that is complete")
    return folders


def _month(folder: Path) -> Month:
    try:
        return Month.parse(folder.name.removeprefix(_MONTH_PREFIX))
    except ValueError as error:
        raise LandingError(f"{folder}: {error}") from error


def _data_files(folder: Path) -> tuple[Path, ...]:
    files = tuple(sorted(path for path in folder.iterdir() if not path.name.startswith(("_", "."))))
    unknown = [path.name for path in files if not has_known_format(path)]
    if unknown:
        raise LandingError(f"{folder} holds {', '.join(unknown)}: only {', '.join(FORMATS)} are read")
    return files
