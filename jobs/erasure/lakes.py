"""Take customers out of the lakes of a shop: out of the lists that are kept, and out of every table on every basis."""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from collections.abc import Collection, Mapping

from jobs.core.refusal import RefusedError
from jobs.core.settings import Settings
from jobs.erasure.lake import drop_earlier_versions, erase, trace
from jobs.erasure.marks import Marks
from jobs.features.table import features
from jobs.lake.lake import Lake
from jobs.lake.old_layout import refuse_old_layout
from jobs.lake.tables import CUSTOMERS, PRODUCTS, Table, rejected
from jobs.landing.cache import Kept
from jobs.landing.contents import Rows, contents
from jobs.landing.deliveries import TABLES
from jobs.landing.kept_lists import KeptLists
from jobs.planning.lake_tables import tables_of_run
from jobs.sources.mapping import Source

log = logging.getLogger(__name__)


class OtherLakeError(RefusedError):
    """The lake is not the one that the database knows."""


def refuse_other_lake(settings: Settings, source: Source, known: Collection[str]) -> None:
    """Refuse a lake that is not that of the database, or that is damaged.

    Args:
        settings: where the lake is.
        source: the mapping.
        known: the tables that runs have read.

    Raises:
        OtherLakeError: it lacks a table that runs have read.
        OldLayoutError: an earlier release wrote it.
        DamagedError: a file is not as the log says.
    """
    lake = Lake(settings.lake)
    refuse_old_layout(lake)
    for table in tables_of_run(features(source.departments)):
        if table.name in known and lake.version(table) is None:
            raise OtherLakeError(
                f"{settings.lake} has no table {table.name}, which runs of this database have read: nothing was "
                "erased. Set CLV_LAKE to the lake of this database"
            )
        lake.files_of(table, [table.period(text) for text in lake.periods(table)])


def erase_from_kept_lists(settings: Settings, source: Source, marks: Marks) -> dict[str, Mapping[str, str]]:
    """Take customers out of the kept lists; month → the fingerprint of its list, an input of what is made from it."""
    if source.customers is None:
        return {}
    kept = Kept.of(settings)
    lists = KeptLists("customers", kept)
    for month in lists.leave_out(marks.left_out(source.customers.customer_id)):
        log.info("%s: the list of %s", lists.table.name, month)
    drop_earlier_versions(kept.lake, lists.table)
    inputs: dict[str, Mapping[str, str]] = {}
    for month, files in lists.folders().items():
        read = [contents(path, source, source.customers, kept.cache, is_older_list=True) for path in files]
        inputs[str(month)] = {"landing": str(sum((rows for months in read for rows in months.values()), Rows()))}
    return inputs


def erase_from_tables(
    settings: Settings,
    source: Source,
    customers: Collection[str],
    marks: Marks,
    lists: Mapping[str, Mapping[str, str]],
) -> tuple[Counter[str], dict[str, int]]:
    """Take customers out of all tables of the lake of a value basis, with every earlier version.

    Args:
        settings: where the lake is.
        source: the mapping.
        customers: their ids.
        marks: the same as the shop delivers them.
        lists: what `erase_from_kept_lists` has returned.

    Returns:
        Table → the rows that were theirs, and table → the version that is left.
    """
    lake, rows, versions = Lake(settings.lake), Counter[str](), {}
    for table in tables_of_run(features(source.departments)):
        left = trace(table, customers, marks, _id_column(source, table))
        if left is not None and table != rejected(PRODUCTS):
            is_of_lists = table in (CUSTOMERS, rejected(CUSTOMERS))
            rows[table.name] = erase(lake, table, left, lists if is_of_lists else {})
        version = drop_earlier_versions(lake, table)
        if version is not None:
            versions[table.name] = version
    return +rows, versions


def drop_copies(kept: Kept) -> None:
    """Remove the copies of delivered files, and what killed tasks left: copies are made anew when they are needed."""
    for path in kept.cache.glob("*"):
        if path.is_dir():
            shutil.rmtree(path)
        elif path.suffix != ".json":
            path.unlink()


def _id_column(source: Source, table: Table) -> str:
    """The delivered column with the customer's id, of a table of rejected rows; empty for others."""
    for name, columns in source.tables.items():
        if rejected(TABLES[name]) == table:
            return getattr(columns, "customer_id", "")
    return ""
