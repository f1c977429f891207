"""What COPY alone takes for the rows of the newest load: the pace that publishing is measured by."""

from __future__ import annotations

import time
from dataclasses import dataclass
from tempfile import TemporaryFile

import psycopg2.extensions
from sqlalchemy import Engine, text

TABLES = ("forecast_rows", "customer_rows")
"""The tables with a row for every customer."""
_NEWEST = "(SELECT max(load_id) FROM clv.forecast_load)"


@dataclass(frozen=True)
class Copied:
    """Rows, and the seconds that COPY took for them."""

    rows: int
    seconds: float


def copy_again(owner: Engine) -> dict[str, Copied]:
    """Copy the newest load's rows out and back in as another load, by table; then take it back, and vacuum.

    Args:
        owner: the forecast database, as a role that may read, write and vacuum its tables.
    """
    connection = owner.raw_connection()
    try:
        cursor: psycopg2.extensions.cursor = connection.cursor()  # type: ignore[assignment]
        cursor.execute(f"SELECT clv.begin_load(as_of, run_id) FROM clv.forecast_load WHERE load_id = {_NEWEST}")  # noqa: S608
        [(load_id,)] = cursor.fetchall()
        copied = {table: _copied(cursor, table, load_id) for table in TABLES}
    finally:
        connection.rollback()
        connection.close()
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as maintenance:
        maintenance.execute(text(f"VACUUM {', '.join(f'clv.{table}' for table in TABLES)}"))
    return copied


def _copied(cursor: psycopg2.extensions.cursor, table: str, load_id: int) -> Copied:
    cursor.execute(f"SELECT * FROM clv.{table} LIMIT 0")  # noqa: S608 - a table of ours
    others = ", ".join(column.name for column in cursor.description or () if column.name != "load_id")
    newest = f"SELECT {load_id}, {others} FROM clv.{table} WHERE load_id = {_NEWEST}"  # noqa: S608
    with TemporaryFile() as rows:
        cursor.copy_expert(f"COPY ({newest}) TO STDOUT", rows)
        rows.seek(0)
        started = time.monotonic()
        cursor.copy_expert(f"COPY clv.{table} (load_id, {others}) FROM STDIN", rows)
        return Copied(cursor.rowcount, time.monotonic() - started)
