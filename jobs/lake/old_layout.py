"""The layout of a lake before it was made of Delta tables, a folder per period with `_SUCCESS`; and its conversion."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from jobs.core.refusal import RefusedError
from jobs.lake.lake import Lake
from jobs.lake.storage import is_folder
from jobs.lake.tables import Table
from jobs.lake.versions import Period, Record
from jobs.lake.written import PARQUET

SUCCESS = "_SUCCESS"


class OldLayoutError(RefusedError):
    """The lake is not converted yet, or cannot be."""


def refuse_old_layout(lake: Lake) -> None:
    """Raise OldLayoutError if any part of a lake is still as it was before the lake was made of Delta tables."""
    if not is_folder(lake.root):
        return
    for pattern in (f"*/*=*/{SUCCESS}", f"*/*/month=*/{SUCCESS}"):
        old = next(Path(lake.root).glob(pattern), None)
        if old is not None:
            raise OldLayoutError(
                f"{old.parent} has the layout of an earlier release: nothing was changed. Convert the lake with "
                "`python -m jobs.convert_lake`, then clear this task"
            )


def complete_folders(lake: Lake, table: Table) -> list[Path]:
    """The folders of a table's periods in the old layout."""
    found = (Path(lake.root) / table.name).glob(f"{table.period_key}=*/{SUCCESS}")
    return [success.parent for success in sorted(found)]


def convert(lake: Lake, tables: Sequence[Table]) -> dict[str, int]:
    """Commit what the folders of tables hold, and remove them; table → the periods that were converted.

    It can be stopped at any time and run again.

    Raises:
        ContractError: a folder holds another number of rows than its record says.
        OldLayoutError: the lake holds other rows of a period already.
    """
    converted: dict[str, int] = {}
    for table in tables:
        for folder in complete_folders(lake, table):
            period = table.period(folder.name.removeprefix(f"{table.period_key}="))
            record = Record(**json.loads((folder / SUCCESS).read_text(encoding="utf-8")))
            if not lake.is_complete(table, period):
                _commit(lake, table, period, folder, record)
            if lake.record(table, period) != record:
                raise OldLayoutError(f"{folder}: the lake holds other rows of it already. Remove the folder by hand")
            shutil.rmtree(folder)
            converted[table.name] = converted.get(table.name, 0) + 1
    return converted


def _commit(lake: Lake, table: Table, period: Period, folder: Path, record: Record) -> None:
    with lake.writing(table) as written:
        place = Path(lake.root) / written / folder.name
        place.mkdir()
        for path in sorted(folder.glob(f"*{PARQUET}")):
            os.link(path, place / path.name)
        lake.commit(table, written, {period: record})
