"""Bring a forecast database up to this code: apply the files of `sql/migrations/` that it lacks.

Migrations go forward only. Each is one transaction, in which its name and hash are recorded; any number of processes
may migrate at once. A statement that waits for a lock has every later reader of its table wait behind it, so a
migration waits only briefly, gives way, and tries again.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path
from time import sleep

from psycopg2.errors import LockNotAvailable
from sqlalchemy import Connection, Engine

from jobs.core.messages import message_of
from jobs.core.postgres import SQL, statement

log = logging.getLogger(__name__)

MIGRATIONS = SQL / "migrations"

LOCK_ATTEMPTS = 60
LOCK_PAUSE_SECONDS = 2.0


class MigrationError(RuntimeError):
    """The migrations applied to the database are not those in the folder, or a table stayed in use."""


def migrate(engine: Engine, folder: Path = MIGRATIONS) -> list[str]:
    """Apply every migration the database lacks; the names of those applied.

    Raises:
        MigrationError: an applied migration was edited, renamed or removed, a new one was numbered before it, or a
            table that a migration changes stayed in use through all attempts.
    """
    applied = []
    while (name := _apply_next_when_unlocked(engine, folder)) is not None:
        log.info("applied %s", name)
        applied.append(name)
    return applied


def _apply_next_when_unlocked(engine: Engine, folder: Path) -> str | None:
    """`_apply_next`, again after a pause while other transactions hold a table that it changes."""
    for attempt in range(1, LOCK_ATTEMPTS + 1):
        try:
            return _apply_next(engine, folder)
        except LockNotAvailable as error:
            log.info("attempt %d of %d: a table to migrate is in use: %s", attempt, LOCK_ATTEMPTS, message_of(error))
            sleep(LOCK_PAUSE_SECONDS)
    raise MigrationError(
        f"a table to migrate stayed in use through {LOCK_ATTEMPTS} attempts, {LOCK_PAUSE_SECONDS:g} seconds apart: "
        "nothing was changed by that migration. Look for long transactions in pg_stat_activity, then migrate again"
    )


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
        connection.execute(statement("limit_lock_waits"))
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
