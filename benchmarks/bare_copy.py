"""What COPY alone takes for the rows of the newest load: the pace that publishing is measured by."""

from __future__ import annotations

import time
from tempfile import TemporaryFile

import psycopg2.extensions
from sqlalchemy import Engine

_TABLES = ("forecast_rows", "customer_rows")
_NEWEST = "(SELECT max(load_id) FROM clv.forecast_load)"


def seconds(owner: Engine) -> float:
    """Copy the newest load's rows out, and time COPY back into the same tables as another load; nothing stays.

    Args:
        owner: the forecast database, as a role that may read and write its tables.
    """
    connection = owner.raw_connection()
    try:
        cursor: psycopg2.extensions.cursor = connection.cursor()  # type: ignore[assignment]
        cursor.execute(f"SELECT clv.begin_load(as_of, run_id) FROM clv.forecast_load WHERE load_id = {_NEWEST}")  # noqa: S608
        [(load_id,)] = cursor.fetchall()
        return sum(_seconds(cursor, table, load_id) for table in _TABLES)
    finally:
        connection.rollback()
        connection.close()


def _seconds(cursor: psycopg2.extensions.cursor, table: str, load_id: int) -> float:
    cursor.execute(f"SELECT * FROM clv.{table} LIMIT 0")  # noqa: S608 - a table of ours
    others = ", ".join(column.name for column in cursor.description or () if column.name != "load_id")
    newest = f"SELECT {load_id}, {others} FROM clv.{table} WHERE load_id = {_NEWEST}"  # noqa: S608
    with TemporaryFile() as rows:
        cursor.copy_expert(f"COPY ({newest}) TO STDOUT", rows)
        rows.seek(0)
        started = time.monotonic()
        cursor.copy_expert(f"COPY clv.{table} (load_id, {others}) FROM STDIN", rows)
        return time.monotonic() - started
