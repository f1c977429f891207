"""Copy folders that are in use, and compare the copy of a lake with its logs."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count, takewhile
from pathlib import Path

from jobs.core.settings import LANDING_CACHE
from jobs.lake.lake import Lake
from jobs.lake.tables import Table
from jobs.lake.versions import DamagedError

_LOG = "_delta_log"


def copy_folder(folder: Path, copy: Path) -> None:
    """Copy a folder to an empty one. A file that is removed meanwhile is left out."""
    copy.mkdir(parents=True, exist_ok=True)
    _copy(folder, _files(folder), copy)


def copy_lake(lake: Path, copy: Path) -> None:
    """Copy a lake without its cache: its logs first, so that every file that they name is there to be copied.

    Within a log, the hint to the last checkpoint comes before the checkpoints, and they before the commits.
    """
    for log in sorted(lake.rglob(_LOG)):
        _copy(lake, log.glob("_last_checkpoint"), copy)
        _copy(lake, log.glob("*.parquet"), copy)
        _copy(lake, takewhile(Path.is_file, (log / f"{number:020d}.json" for number in count())), copy)
    _copy(lake, (path for path in _files(lake) if not {_LOG, LANDING_CACHE} & set(path.relative_to(lake).parts)), copy)


def damage(lake: str, tables: Sequence[Table], pinned: Iterable[Mapping[str, int]]) -> list[str]:
    """How the files of a lake differ from its logs, in the newest version and in those that are pinned."""
    newest = [(Lake(lake), table) for table in tables]
    read = [(Lake(lake, versions=was), table) for was in pinned for table in tables if table.name in was]
    return sorted({text for version, table in [*newest, *read] for text in _damage_of(version, table)})


def _damage_of(lake: Lake, table: Table) -> Iterator[str]:
    """How a table is damaged; one that does not exist is, if a version of it is pinned."""
    try:
        version = lake.version(table)
        if version is not None:
            damaged = [version.damage(period) for period in version.periods]
            yield from (text for text in damaged if text is not None)
        elif table.name in (lake.versions or {}):
            yield f"the table {table.name} is missing"
    except DamagedError as error:
        yield str(error)


def _files(folder: Path) -> list[Path]:
    """The files of a folder, as they are now."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def _copy(folder: Path, files: Iterable[Path], copy: Path) -> None:
    for path in files:
        target = copy / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copy2(path, target)
        except FileNotFoundError:
            target.unlink(missing_ok=True)
