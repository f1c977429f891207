"""Delete customers' rows in Postgres, and overwrite the bytes that are left: of tables, statistics, write-ahead log."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from psycopg2.errors import LockNotAvailable
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from jobs.core.messages import message_of
from jobs.core.postgres import statement
from jobs.core.refusal import RefusedError


class InUseError(RefusedError):
    """Rows are deleted, but a table that somebody reads still has their bytes."""


def delete_rows(database: Engine, customers: Sequence[str], by: str, because: str) -> dict[str, int]:
    """Delete all rows of customers, and record it; table → the number of rows.

    Args:
        database: the forecast database, as superuser.
        customers: their ids.
        by: who erases them.
        because: why.

    Raises:
        sqlalchemy.exc.DBAPIError: a table is in use; nothing was deleted.
    """
    parameters = {"customers": list(customers), "by": by, "because": because}
    with database.begin() as connection:
        connection.execute(statement("keep_out_of_logs"))
        rows = connection.execute(statement("forget"), parameters).mappings()
        return {row["table_name"]: row["rows"] for row in rows}


def rewrite(database: Engine, tables: Collection[str]) -> None:
    """Write tables anew, and let go of the write-ahead log; a table cannot be read meanwhile.

    Raises:
        InUseError: a table stayed in use.
    """
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(statement("without_time_limit"))
        for table in [*sorted(tables), "pg_catalog.pg_statistic"]:  # ANALYZE leaves the earlier statistics in there
            try:
                connection.exec_driver_sql(f"VACUUM (FULL, ANALYZE) {table}")
            except OperationalError as error:
                if not isinstance(error.orig, LockNotAvailable):
                    raise
                raise InUseError(
                    f"the customers' rows are deleted, but the bytes of {table} are not overwritten yet: "
                    f"{message_of(error)}. Run this again when nobody reads for long: pg_stat_activity shows who does"
                ) from error
        for _ in connection.execute(statement("files_of_log")).all():
            connection.execute(statement("switch_log"))
        connection.exec_driver_sql("CHECKPOINT")
