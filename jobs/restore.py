"""Restore a backup of `jobs.back_up`, to empty databases and folders.

    python -m jobs.restore --from /backups/2011-12-08

Only Postgres may run meanwhile. If it fails, remove the folders and the databases that it has written, and run it
again.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jobs.backups.contents import LAKE, LISTING, damaged_files, forecasts, places_of
from jobs.backups.databases import BackupError, forecast_database, refuse_tables, restore_databases, restore_roles
from jobs.backups.files import copy_folder
from jobs.core.arguments import parser
from jobs.core.code_version import code_version
from jobs.core.settings import Settings
from jobs.core.task import log_to_stderr, run_as_program
from jobs.lake.storage import is_folder

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> None:
    """Restore a backup. What is damaged in the lake, as it was when it was backed up, is a warning.

    Raises:
        BackupError: the backup is not complete, a place to restore to is not empty, or forecasts are missing.
    """
    log_to_stderr()
    options = parser(__doc__)
    options.add_argument("--from", type=Path, required=True, dest="backup", help="the folder of the backup")
    options.add_argument("--databases-only", action="store_true", help="leave lake, artifacts and reports as they are")
    arguments = options.parse_args(argv)
    backup, settings = arguments.backup.absolute(), Settings()
    if not (backup / LISTING).is_file():
        raise BackupError(f"{backup} is no complete backup: it has no {LISTING}")
    listing = json.loads((backup / LISTING).read_text(encoding="utf-8"))
    log.info("The backup was made by code version %s; this is %s", listing["code_version"], code_version())
    server = settings.superuser_database_url
    folders = {} if arguments.databases_only else _folders(settings, listing["folders"])
    refuse_tables(server)
    restore_roles(server, backup)
    for name, folder in folders.items():
        copy_folder(backup / name, folder)
    restore_databases(server, backup)
    _check(settings, listing, folders)


def _folders(settings: Settings, names: Sequence[str]) -> dict[str, Path]:
    """Name in the backup → where it goes."""
    places = places_of(settings)
    for name in names:
        if not is_folder(places[name]):
            raise BackupError(
                f"the backup has a folder of the {name}, but {places[name]} is none: nothing was restored"
            )
        folder = Path(places[name])
        if folder.is_dir() and any(folder.iterdir()):
            raise BackupError(f"{folder} is not empty: nothing was restored. Move it away first")
    return {name: Path(places[name]) for name in names}


def _check(settings: Settings, listing: dict[str, Any], folders: Mapping[str, Path]) -> None:
    there, expected = forecasts(forecast_database(settings.superuser_database_url)), listing["forecasts"]
    missing = [forecast for forecast in expected if forecast not in there]
    if missing:
        raise BackupError(f"the restored database lacks forecasts that the backup lists: {missing}")
    damage = damaged_files(settings, settings.lake, listing["pins"]) if LAKE in folders else []
    for text in damage:
        log.warning("The lake is damaged, as it was when it was backed up: %s", text)
    log.info("Restored: databases %s, %d forecasts", ", ".join(listing["databases"]), len(there))


if __name__ == "__main__":
    run_as_program(main)
