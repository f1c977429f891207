"""The files that were written for a commit, checked against what is to be recorded of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow.parquet as pq
from pyarrow.fs import FileSelector, FileSystem, FileType

from jobs.lake.schemas import arrow_schema
from jobs.lake.tables import Table
from jobs.lake.versions import File, Record

PARQUET = ".parquet"


class ContractError(ValueError):
    """Rows do not match the columns that their table declares, or the periods that are to be written."""


def written_files(
    store: FileSystem, table: Table, folder: str, records: Mapping[str, Record]
) -> dict[str, Sequence[File]]:
    """Period → its files below a folder. A period without rows gets a file without rows.

    Raises:
        ContractError: the files hold other periods or another number of rows than the records say.
    """
    files = _found(store, table, folder)
    key, unlisted = table.period_key, sorted(set(files) - set(records))
    if unlisted:
        raise ContractError(f"{table.name}: rows of {key} {', '.join(unlisted)} are not among the periods to write")
    for period, record in records.items():
        rows = sum(file.rows for file in files.get(period, ()))
        if rows != record.rows:
            raise ContractError(
                f"{table.name} {key}={period}: {record.rows} rows are to be recorded, but {rows} are in {folder}"
            )
        if period not in files:
            files[period] = [_without_rows(store, table, f"{folder}/{key}={period}")]
    return files


def _found(store: FileSystem, table: Table, folder: str) -> dict[str, Sequence[File]]:
    prefix = f"{folder}/{table.period_key}="
    found: dict[str, list[File]] = {}
    for info in sorted(store.get_file_info(FileSelector(folder, recursive=True)), key=lambda info: info.path):
        if info.type == FileType.File and info.path.endswith(PARQUET):
            period = info.path.removeprefix(prefix).partition("/")[0]
            rows = pq.read_metadata(info.path, filesystem=store).num_rows
            found.setdefault(period, []).append(File(info.path, info.size, rows))
    return dict(found)


def _without_rows(store: FileSystem, table: Table, folder: str) -> File:
    path = f"{folder}/no-rows{PARQUET}"
    store.create_dir(folder)
    pq.write_table(arrow_schema(table).empty_table(), path, filesystem=store)
    return File(path, store.get_file_info(path).size, 0)
