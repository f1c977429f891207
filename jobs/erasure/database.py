"""Overwrite what Postgres still has of deleted rows: in its tables, in its statistics and in its write-ahead log."""

from __future__ import annotations

from psycopg2.errors import LockNotAvailable
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from jobs.core.messages import message_of
from jobs.core.postgres import statement
from jobs.core.refusal import RefusedError


class InUseError(RefusedError):
    """Rows are deleted, but a table that somebody reads still has their bytes."""


_STATEMENTS = ("without_time_limit", "rewrite_tables", "rewrite_statistics", "switch_log", "checkpoint")


def rewrite(database: Engine) -> None:
    """Write every table anew, and let go of the write-ahead log; readers of a table wait meanwhile.

    Raises:
        InUseError: a table stayed in use.
    """
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        try:
            for name in _STATEMENTS:
                connection.execute(statement(name))
        except OperationalError as error:
            if not isinstance(error.orig, LockNotAvailable):
                raise
            raise InUseError(
                f"the customers' rows are deleted, but their bytes are not overwritten yet: {message_of(error)}. Run "
                "this again when nobody reads for long: pg_stat_activity shows who does"
            ) from error
