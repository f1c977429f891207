"""What a shop has delivered: which tables, for which months, in which files. Works without Spark.

Each table is delivered in one of two ways: in files that hold any months (one file, or a folder of files), or in a
folder per month (`<landing>/<table>/month=2011-11/`), which is read once it holds `_SUCCESS`. A list in files without
months is overwritten by the shop: the lake keeps each state of it, under the month that it is filed under.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from jobs.core.code_version import code_fingerprint
from jobs.core.month import Month
from jobs.lake import tables
from jobs.landing.cache import Kept
from jobs.landing.calendar import calendar
from jobs.landing.file_checks import FORMATS, LandingError, check_is_file, check_is_inside, has_known_format, reading
from jobs.landing.kept_lists import KeptLists
from jobs.landing.layouts import SUCCESS, DatedFiles, Delivery, MonthFolders, StateFiles, StateFolders
from jobs.landing.without import Left
from jobs.sources.mapping import Source

TABLES = {
    "products": tables.PRODUCTS,
    "customers": tables.CUSTOMERS,
    "sessions": tables.SESSIONS,
    "transactions": tables.TRANSACTIONS,
}
"""The tables a shop may deliver, in the order of ingestion: name → table of the lake."""

_MONTH_PREFIX = "month="
_INGESTION = "jobs.cleaning.ingestion"
"""The module whose code determines what a delivered row becomes."""


def ingest_inputs(source: Source, delivered: Delivery, month: Month) -> dict[str, str]:
    """The inputs of a table's month in the lake, which `Lake.is_current` compares with the recorded ones.

    If rows without a readable time are filed under the month, `dated` is the fingerprint of the other rows.
    """
    inputs = {"landing": delivered.fingerprint(month)} | reading_inputs(source)
    if isinstance(delivered, DatedFiles):
        dated = delivered.calendar.dated_fingerprint(month)
        if dated != inputs["landing"]:
            inputs["dated"] = dated
    return inputs


def reading_inputs(source: Source) -> dict[str, str]:
    """Those of `ingest_inputs` that are the same for all months: with another mapping or code, rows are read again."""
    return {
        "mapping": hashlib.sha256(repr(source).encode()).hexdigest()[:16],
        "code": code_fingerprint(_INGESTION),
    }


def deliveries(source: Source, landing: Path, kept: Kept) -> dict[str, Delivery]:
    """Every table of the source that has been delivered, by name.

    Args:
        source: the mapping.
        landing: the file or folder the shop delivers to.
        kept: what is kept of the landing.

    Raises:
        LandingError: there are no transactions, or a file cannot be used.
    """
    if not landing.exists():
        raise LandingError(f"{landing} does not exist: set CLV_LANDING to the file or folder that the shop delivers to")
    delivered = {table: delivery(source, table, landing, kept) for table in source.tables}
    if delivered["transactions"] is None:
        raise LandingError(
            f"{landing} contains no transactions: deliver transactions{'|'.join(FORMATS)}, or "
            f"transactions/{_MONTH_PREFIX}YYYY-MM/ with a {SUCCESS} in it"
        )
    return {table: delivery for table, delivery in delivered.items() if delivery is not None}


def delivery(source: Source, table: str, landing: Path, kept: Kept) -> Delivery | None:
    """What was delivered of one table, or None; raises LandingError if it cannot be used."""
    columns = source.tables[table]
    with reading(landing):
        place = _place(table, landing)
        if place is None:
            return None
        if isinstance(place, Path) and any(place.glob(f"{_MONTH_PREFIX}*")):
            layout = StateFolders if columns.time is None else MonthFolders
            folders = _month_folders(place)
            for path in (path for paths in folders.values() for path in paths):
                check_is_inside(path, landing)
            return layout(table=table, folders=folders, source=source, cache=kept.cache)
        files = _data_files(place) if isinstance(place, Path) else place
    for path in files:
        check_is_file(path)
        check_is_inside(path, landing)
    if columns.time is None:
        lists = KeptLists(table, kept)
        return StateFiles(
            table=table, folders=lists.folders(), source=source, cache=kept.cache, files=files, kept=lists
        )
    return DatedFiles(table=table, calendar=calendar(files, source, columns, kept.cache))


def with_open_months(delivered: Delivery, landing: Path) -> Delivery:
    """A delivery with the month folders that are not complete yet. Files without month folders hold open months anyway.

    Raises:
        LandingError: such a folder cannot be used.
    """
    if not isinstance(delivered, MonthFolders):
        return delivered
    with reading(landing):
        place = landing / delivered.table
        opened = {_month(folder): _data_files(folder) for folder in sorted(place.glob(f"{_MONTH_PREFIX}*"))}
        for path in (path for paths in opened.values() for path in paths):
            check_is_inside(path, landing)
    return replace(delivered, folders=opened)


def dated(delivered: Mapping[str, Delivery]) -> dict[str, Delivery]:
    """The deliveries, with the present state of each overwritten list filed under the last closed month.

    Customers are not known to a month before the one their list is filed under: it would know their future. The first
    list of products is filed under the first month, too, so that past order lines have departments.
    """
    orders = delivered["transactions"]
    lists: dict[str, Delivery] = {}
    for table, delivery in delivered.items():
        if isinstance(delivery, StateFiles) and orders.last_closed is not None:
            is_first_of_products = table == "products" and not delivery.folders
            lists[table] = delivery.filed([orders.last_closed, *([orders.first] if is_first_of_products else [])])
    return {**delivered, **lists}


def keep_lists(delivered: Mapping[str, Delivery], left: Left | None = None) -> dict[str, Delivery]:
    """Keep the lists that `dated` has filed, customers without those who are left out; the deliveries with them.

    Raises:
        LandingError: a list cannot be read.
    """
    return {
        table: delivery.keep(left if table == "customers" else None) if isinstance(delivery, StateFiles) else delivery
        for table, delivery in delivered.items()
    }


def _place(table: str, landing: Path) -> Path | tuple[Path, ...] | None:
    """The folder of a table, or its files."""
    if landing.is_file():
        return (landing,) if table == "transactions" else None
    candidates = [landing / f"{table}{ending}" for ending in ("", *FORMATS)]
    present = [path for path in candidates if path.exists()]
    if len(present) > 1:
        names = ", ".join(path.name for path in present)
        raise LandingError(f"{landing} contains {names}: keep one of them, remove the others")
    if present:
        return present[0] if present[0].is_dir() and present[0].name == table else tuple(present)
    loose = tuple(sorted(p for p in landing.iterdir() if has_known_format(p) and p.name.split(".")[0] not in TABLES))
    return loose if table == "transactions" and loose else None


def _month_folders(place: Path) -> dict[Month, tuple[Path, ...]]:
    others = [p.name for p in place.iterdir() if not p.name.startswith((_MONTH_PREFIX, "_", "."))]
    if others:
        raise LandingError(
            f"{place} contains both month folders and {', '.join(sorted(others))}: "
            "move each file into its month's folder"
        )
    folders = _complete_folders(place)
    if not folders:
        raise LandingError(f"{place} has no month folder with a {SUCCESS}: write it to each month that is complete")
    return folders


def _complete_folders(place: Path) -> dict[Month, tuple[Path, ...]]:
    return {
        _month(folder): _data_files(folder)
        for folder in sorted(place.glob(f"{_MONTH_PREFIX}*"))
        if (folder / SUCCESS).is_file()
    }


def _month(folder: Path) -> Month:
    try:
        return Month.parse(folder.name.removeprefix(_MONTH_PREFIX))
    except ValueError as error:
        raise LandingError(f"{folder}: {error}") from error


def _data_files(folder: Path) -> tuple[Path, ...]:
    files = tuple(sorted(path for path in folder.iterdir() if not path.name.startswith(("_", "."))))
    unknown = [path.name for path in files if not has_known_format(path)]
    if unknown:
        raise LandingError(f"{folder} contains {', '.join(unknown)}: only {', '.join(FORMATS)} are supported")
    return files
