"""Remove what the lake does not need, and join small files. Nothing that a kept version holds goes."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Collection
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path

import pyarrow.parquet as pq

from jobs.lake.arrow import batches_of_rows
from jobs.lake.commits import ChangedError
from jobs.lake.lake import Lake
from jobs.lake.tables import Table
from jobs.lake.versions import DamagedError, Period, open_version

log = logging.getLogger(__name__)

LONGEST_TASK_HOURS = 7 * 24
"""Files that no version holds may belong to a task that is still running; older ones were left by a task that died."""

MANY_FILES, SMALL_BYTES = 8, 8 << 20
"""A period of more files than this, that are smaller on average, is joined."""

_BATCH_ROWS = 100_000


def compact(lake: Lake, table: Table) -> list[str]:
    """Join the files of each period that has many small ones; these periods.

    No row and no record changes. A period of a table that changes meanwhile, or that is damaged, is left
    alone, and the log says so.
    """
    version = open_version(lake.root, table)
    joined: list[str] = []
    for text, files in {} if version is None else version.files.items():
        if len(files) > MANY_FILES and sum(file.size for file in files) < SMALL_BYTES * len(files):
            try:
                _join(lake, table, table.period(text))
                joined.append(text)
            except (ChangedError, DamagedError) as error:
                log.warning("Not joined: %s", error)
    return joined


def _join(lake: Lake, table: Table, period: Period) -> None:
    now = open_version(lake.root, table)
    assert now is not None
    seen = Lake(lake.root, versions={table.name: now.number})
    with lake.writing(table) as folder:
        place = f"{folder}/{table.period_key}={period}"
        lake.files.create_dir(place)
        batches = batches_of_rows(seen, table, period, table.names, _BATCH_ROWS)
        first = next(batches)
        with pq.ParquetWriter(f"{place}/part-00000.parquet", first.schema, filesystem=lake.files) as writer:
            for batch in chain([first], batches):
                writer.write_batch(batch)
        lake.commit(table, folder, {period: seen.record(table, period)}, upon=now.number)


def vacuum(
    lake: Lake, table: Table, pinned: Collection[int], since: datetime, hours: int = LONGEST_TASK_HOURS
) -> list[str]:
    """Remove the data files that no kept version holds; their names.

    Args:
        lake: the lake.
        table: the table.
        pinned: versions to keep, however old.
        since: every version that was the newest at this time, or later, is kept.
        hours: files that were written or replaced in the last hours are kept, too.
    """
    version = open_version(lake.root, table)
    if version is None:
        return []
    before = since.timestamp() * 1000
    numbers = [commit["version"] for commit in version.delta.history() if commit["timestamp"] >= before]
    kept = {*pinned, *numbers, max(min(numbers, default=version.number) - 1, 0), version.number}
    clean = partial(
        version.delta.vacuum,
        retention_hours=hours,
        enforce_retention_duration=False,
        full=True,
        keep_versions=sorted(number for number in kept if number <= version.number),
    )
    # The log names files, too, that an earlier vacuum has removed.
    named = [name.rpartition(f"{table.name}/")[2] for name in clean(dry_run=True)]
    found = lake.files.get_file_info([f"{table.name}/{name}" for name in named])
    there = [name for name, info in zip(named, found, strict=True) if info.is_file]
    if there:
        clean(dry_run=False)
    return there


def remove_scratch(cache: Path, before: datetime) -> list[str]:
    """Remove what killed tasks have left in the cache of the landing, if it is older than a time; its names."""
    left = [*cache.glob(".*"), *cache.glob("lists/*/.*")]
    old = [path for path in left if path.stat().st_mtime < before.timestamp()]
    for path in old:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return sorted(path.name for path in old)
