"""Copy periods, with their records, from one lake to another."""

from __future__ import annotations

from collections.abc import Sequence

from pyarrow.fs import copy_files

from jobs.lake.lake import Lake
from jobs.lake.tables import Table
from jobs.lake.versions import Period


def copy_periods(source: Lake, target: Lake, table: Table, periods: Sequence[Period]) -> None:
    """Copy periods of a table in one commit.

    Raises:
        IncompleteError: the source lacks a period.
        DamagedError: a file of the source is not as its log says.
    """
    if not periods:
        return
    with target.writing(table) as folder:
        for period in periods:
            place = f"{folder}/{table.period_key}={period}"
            target.files.create_dir(place)
            for file in source.files_of(table, [period]):
                copy_files(
                    file.path,
                    f"{place}/{file.path.rpartition('/')[2]}",
                    source_filesystem=source.files,
                    destination_filesystem=target.files,
                )
        target.commit(table, folder, {period: source.record(table, period) for period in periods})
