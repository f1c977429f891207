"""Back up the databases, the models, the lake and the reports, while they are in use.

    python -m jobs.back_up --to /backups/2011-12-08

The folder must not exist. It is complete once it has its name: until then, the name ends with `.partial`. The databases
come first: what they name is there when the files are copied. `jobs.restore` restores it.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jobs.backups.contents import LAKE, LISTING, damaged_files, folders_of, forecasts, pins
from jobs.backups.databases import DATABASES, FORECASTS, BackupError, databases, dump, forecast_database
from jobs.backups.files import copy_folder, copy_lake
from jobs.core.arguments import parser
from jobs.core.code_version import code_version
from jobs.core.settings import Settings
from jobs.core.task import log_to_stderr, run_as_program

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> None:
    """Make a backup.

    Raises:
        BackupError: the folder exists, something to back up is not there, or the lake is damaged; in the last case
            the backup is made all the same, and the message says what is damaged.
    """
    log_to_stderr()
    options = parser(__doc__)
    options.add_argument("--to", type=Path, required=True, help="the folder to make")
    options.add_argument("--include", type=Path, help="another folder to copy into it, under its name")
    arguments = options.parse_args(argv)
    target, settings = arguments.to.absolute(), Settings()
    folders = folders_of(settings)
    _refuse_missing(settings, folders)
    partial = _new_folder(target)
    try:
        damage = _write(settings, folders, partial, arguments.include)
    except BaseException:
        shutil.rmtree(partial)
        raise
    partial.rename(target)
    if damage:
        raise BackupError(f"{target} is made, but the lake that it copied is damaged: {'; '.join(damage)}")


def _write(settings: Settings, folders: Mapping[str, Path], partial: Path, include: Path | None) -> list[str]:
    """Write everything; how the copied lake is damaged."""
    server = settings.superuser_database_url
    database = forecast_database(server)
    listing: dict[str, Any] = {
        "code_version": code_version(),
        "databases": databases(server),
        "folders": sorted(folders),
        "forecasts": forecasts(database),
        "pins": pins(database),
    }
    dump(server, partial)
    if include:
        copy_folder(include, partial / include.name)
    for name, folder in folders.items():
        (copy_lake if name == LAKE else copy_folder)(folder, partial / name)
    damage = damaged_files(settings, str(partial / LAKE), listing["pins"]) if LAKE in folders else []
    (partial / LISTING).write_text(json.dumps(listing, indent=1), encoding="utf-8")
    os.sync()
    log.info("Databases %s, %d forecasts", ", ".join(listing["databases"]), len(listing["forecasts"]))
    return damage


def _refuse_missing(settings: Settings, folders: Mapping[str, Path]) -> None:
    there = databases(settings.superuser_database_url)
    if FORECASTS not in there:
        raise BackupError(f"the server has no database {FORECASTS}: check CLV_SUPERUSER_DATABASE_URL")
    for database in DATABASES:
        if database not in there:
            log.warning("The database %s is not in the backup: the server has none of this name", database)
    for name, folder in folders.items():
        if not folder.is_dir():
            raise BackupError(f"{folder} does not exist: check the variable that names the folder of the {name}")


def _new_folder(target: Path) -> Path:
    partial = target.with_name(f"{target.name}.partial")
    for folder in (target, partial):
        if folder.exists():
            raise BackupError(f"{folder} exists: nothing was done. Give the name of a folder that does not exist yet")
    try:
        partial.mkdir(mode=0o700, parents=True)
    except PermissionError as error:
        raise BackupError(f"{error}: user {os.getuid()} must be able to write there") from error
    return partial


if __name__ == "__main__":
    run_as_program(main)
