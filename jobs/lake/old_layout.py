"""The layout of a lake before it was made of Delta tables, a folder per period with `_SUCCESS`; and its conversion."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from jobs.core.month import Month
from jobs.core.refusal import RefusedError
from jobs.lake.lake import Lake
from jobs.lake.storage import is_folder
from jobs.lake.tables import TRANSACTIONS, Table
from jobs.lake.versions import Period, Record
from jobs.lake.written import PARQUET

_SUCCESS = "_SUCCESS"


class OldLayoutError(RefusedError):
    """The lake is not converted yet."""


def refuse_old_layout(lake: Lake) -> None:
    """Raise OldLayoutError if a lake was written before it was made of Delta tables."""
    if is_folder(lake.root) and any(_complete_folders(lake, TRANSACTIONS)):
        raise OldLayoutError(
            f"{lake.root} has the layout of an earlier release: nothing was changed. Convert it with "
            "`python -m jobs.convert_lake`, then clear this task"
        )


def convert(lake: Lake, tables: Sequence[Table]) -> dict[str, int]:
    """Commit what the folders of tables hold, and remove them; table → the periods that were converted.

    It can be stopped at any time and run again.

    Raises:
        ContractError: a folder holds another number of rows than its record says.
    """
    converted: dict[str, int] = {}
    for table in tables:
        for folder in list(_complete_folders(lake, table)):
            period = _period(table, folder)
            if not lake.is_complete(table, period):
                _commit(lake, table, period, folder)
            shutil.rmtree(folder)
            converted[table.name] = converted.get(table.name, 0) + 1
    return converted


def _complete_folders(lake: Lake, table: Table) -> Iterator[Path]:
    for success in sorted((Path(lake.root) / table.name).glob(f"{table.period_key}=*/{_SUCCESS}")):
        yield success.parent


def _period(table: Table, folder: Path) -> Period:
    text = folder.name.removeprefix(f"{table.period_key}=")
    return Month.parse(text) if table.period_key == "month" else date.fromisoformat(text)


def _commit(lake: Lake, table: Table, period: Period, folder: Path) -> None:
    record = Record(**json.loads((folder / _SUCCESS).read_text(encoding="utf-8")))
    with lake.writing(table) as written:
        place = Path(lake.root) / written / folder.name
        place.mkdir()
        for path in sorted(folder.glob(f"*{PARQUET}")):
            os.link(path, place / path.name)
        lake.commit(table, written, {period: record})
