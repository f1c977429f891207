"""Take customers out of the lakes of a shop: out of the lists that are kept, and out of every table on every basis."""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from collections.abc import Collection, Mapping

from jobs.core.settings import Settings
from jobs.erasure.deliveries import fingerprints_of_kept_lists
from jobs.erasure.lake import drop_earlier_versions, erase, trace
from jobs.erasure.lists import erase_from_lists
from jobs.erasure.marks import Marks
from jobs.features.table import features
from jobs.lake.lake import Lake
from jobs.lake.tables import Table, rejected
from jobs.landing.cache import Kept
from jobs.landing.deliveries import TABLES
from jobs.landing.kept_lists import KeptLists
from jobs.planning.lake_tables import tables_of_run
from jobs.sources.mapping import Source

log = logging.getLogger(__name__)


def erase_from_kept_lists(settings: Settings, source: Source, marks: Marks) -> dict[str, str]:
    """Take customers out of the kept lists; the fingerprint of each list that changed → its new one."""
    if source.customers is None:
        return {}
    lists = KeptLists("customers", Kept.of(settings))
    before = fingerprints_of_kept_lists(settings, source)
    for month in erase_from_lists(lists, source, source.customers.customer_id, marks):
        log.info("%s: the list of %s", lists.table.name, month)
    drop_earlier_versions(lists.kept.lake, lists.table)
    after = fingerprints_of_kept_lists(settings, source)
    return {before[month]: now for month, now in after.items() if before[month] != now}


def erase_from_tables(
    settings: Settings, source: Source, customers: Collection[str], marks: Marks, renamed: Mapping[str, str]
) -> tuple[Counter[str], dict[str, int]]:
    """Take customers out of all tables of the lake of a value basis, with every earlier version.

    Args:
        settings: where the lake is.
        source: the mapping.
        customers: their ids.
        marks: the same as the shop delivers them.
        renamed: see `erase`.

    Returns:
        Table → the rows that were theirs, and table → the version that is left.
    """
    lake, rows, versions = Lake(settings.lake), Counter[str](), {}
    for table in tables_of_run(features(source.departments)):
        left = trace(table, customers, marks, _id_column(source, table))
        rows[table.name] = 0 if left is None else erase(lake, table, left, renamed)
        version = drop_earlier_versions(lake, table)
        if version is not None:
            versions[table.name] = version
    return +rows, versions


def drop_copies(kept: Kept) -> None:
    """Remove the copies of delivered files: they are made anew when they are needed."""
    shutil.rmtree(kept.cache / "lists", ignore_errors=True)
    for copy in kept.cache.glob("*.parquet"):
        copy.unlink()


def _id_column(source: Source, table: Table) -> str | None:
    """The delivered column with the customer's id of a table of rejected rows."""
    for name, columns in source.tables.items():
        if rejected(TABLES[name]) == table:
            return getattr(columns, "customer_id", None)
    return None
