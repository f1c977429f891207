"""What a backup is made of, and how it is checked."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from sqlalchemy import Engine

from jobs.backups.files import damage
from jobs.core.postgres import fetch
from jobs.core.settings import Settings
from jobs.core.value_basis import NET_REVENUE, VALUE_BASES
from jobs.features.table import features
from jobs.lake.storage import is_folder
from jobs.lake.tables import delivered
from jobs.planning.lake_tables import tables_of_run
from jobs.sources import load

log = logging.getLogger(__name__)

LAKE = "lake"
"""Its folder of the lake."""

LISTING = "backup.json"
"""Its last file: the code that made it, its databases and folders, its forecasts, and the versions that are pinned."""

Pins = Mapping[str, Sequence[Mapping[str, int]]]
"""Value basis → for each forecast whose rows are there, table → the version that it was made from."""


def places_of(settings: Settings) -> dict[str, str]:
    """Name in a backup → where it is in use: a folder, or an address in an object store."""
    return {"artifacts": settings.artifacts, LAKE: settings.lake, "reports": str(settings.reports)}


def folders_of(settings: Settings) -> dict[str, Path]:
    """The same of those in folders; a warning for each that is not."""
    places = places_of(settings)
    for place in places.values():
        if not is_folder(place):
            log.warning("%s is not in the backup: an object store has versions and copies of its own", place)
    return {name: Path(place) for name, place in places.items() if is_folder(place)}


def forecasts(database: Engine) -> list[dict[str, str]]:
    """Every forecast that was ever loaded: month, value basis, run and content hash of each, as text."""
    rows = fetch(database, "forecast_hashes")
    return [{name: str(value) for name, value in row.items()} for row in rows]


def pins(database: Engine) -> Pins:
    """The versions of the lake that the forecasts of a database were made from."""
    runs = {basis: fetch(database, "runs_in_use", value_basis=basis, planned_since=date.max) for basis in VALUE_BASES}
    return {basis: [run["lake_versions"] for run in rows if run["lake_versions"]] for basis, rows in runs.items()}


def damaged_files(settings: Settings, lake: str, pinned: Pins) -> list[str]:
    """How the files of a lake of this shop, with that of the margin in it, differ from its logs."""
    source = load(settings.source)
    found: list[str] = []
    for basis in VALUE_BASES:
        lists = [delivered(name) for name in source.tables] if basis == NET_REVENUE else []
        tables = [*tables_of_run(features(source.departments)), *lists]
        root = Settings(environ={**settings.environ, "CLV_LAKE": lake}, value_basis=basis).lake
        found += damage(root, tables, pinned[basis])
    return found
