"""Bring a forecast database up to this code: apply the files of `sql/migrations/` that it lacks.

Migrations go forward only. Each is one transaction, in which its name and hash are recorded; any number of processes
may migrate at once.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, Engine

from jobs.core.postgres import SQL, statement

log = logging.getLogger(__name__)

MIGRATIONS = SQL / "migrations"


class MigrationError(RuntimeError):
    """The migrations applied to the database are not those in the folder."""


def migrate(engine: Engine, folder: Path = MIGRATIONS) -> list[str]:
    """Apply every migration the database lacks; the names of those applied.

    Raises:
        MigrationError: an applied migration was edited, renamed or removed, or a new one was numbered before it.
    """
    applied = []
    while (name := _apply_next(engine, folder)) is not None:
        log.info("applied %s", name)
        applied.append(name)
    return applied


def _apply_next(engine: Engine, folder: Path) -> str | None:
    """Apply the first migration the database lacks, and name it; None if it lacks none."""
    files = sorted(folder.glob("*.sql"))
    with engine.begin() as connection:
        connection.execute(statement("lock_migrations"))
        done = _applied(connection)
        _refuse_other_history(done, files)
        if len(done) == len(files):
            return None
        file = files[len(done)]
        # Straight to the driver: a migration holds many statements, and its colons and per cent signs are its own.
        connection.connection.cursor().execute(file.read_text(encoding="utf-8"))
        connection.execute(statement("record_migration"), {"name": file.stem, "sha256": _sha256(file)})
        return file.stem


def _applied(connection: Connection) -> dict[str, str]:
    if not connection.execute(statement("has_migrations")).scalar_one():
        return {}
    return {row.name: row.sha256 for row in connection.execute(statement("applied_migrations"))}


def _refuse_other_history(done: dict[str, str], files: Sequence[Path]) -> None:
    expected = [file.stem for file in files[: len(done)]]
    if list(done) != expected:
        raise MigrationError(
            f"{', '.join(done)} were applied to the database, but sql/migrations begins with {', '.join(expected)}. "
            "Deploy the code that made the database; give a new migration the next free number."
        )
    for file in files[: len(done)]:
        if done[file.stem] != _sha256(file):
            raise MigrationError(
                f"{file.name} was edited after it had been applied to this database. "
                "Restore it, and put the change into a new migration."
            )


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
