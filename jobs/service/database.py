"""The service's connections to Postgres: few, read-only, with short limits, and one snapshot an answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2.extensions
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from jobs.core.postgres import statement

APPLICATION_NAME = "clv-service"
_CONNECT_SECONDS = 3
_WAIT_FOR_CONNECTION_SECONDS = 3
_RECYCLE_SECONDS = 600
_SURE_SECONDS = 1.0
"""For how long after its last use a connection counts as open without being asked: asking takes as long as a lookup."""
_SOCKET_SETTINGS = {
    "tcp_user_timeout": 10_000,  # milliseconds
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
"""A server whose machine or network is gone is noticed after about ten seconds, also while a statement is under way."""
_SERVER_SETTINGS = {
    "timezone": "UTC",
    "default_transaction_read_only": "on",
    "statement_timeout": "5s",
    "lock_timeout": "2s",
    "idle_in_transaction_session_timeout": "10s",
}


def pool(url: str, *, connections: int) -> Engine:
    """An engine that keeps at most `connections` connections, and replaces those that the server has closed."""
    made = create_engine(
        url,
        isolation_level="REPEATABLE READ",
        pool_size=connections,
        max_overflow=0,
        pool_timeout=_WAIT_FOR_CONNECTION_SECONDS,
        pool_recycle=_RECYCLE_SECONDS,
        # What an error says of a statement's parameters would be a customer's id.
        hide_parameters=True,
        connect_args={
            "application_name": APPLICATION_NAME,
            "connect_timeout": _CONNECT_SECONDS,
            **_SOCKET_SETTINGS,
            "options": " ".join(f"-c {name}={value}" for name, value in _SERVER_SETTINGS.items()),
        },
    )
    event.listen(made, "checkin", _note_use)
    event.listen(made, "checkout", _refuse_closed)
    return made


def _note_use(_: object, record: ConnectionPoolEntry) -> None:
    record.info["used_at"] = time.monotonic()


def _refuse_closed(connection: psycopg2.extensions.connection, record: ConnectionPoolEntry, _: object) -> None:
    """Ask the server whether a connection is open; if it is not, the pool opens another."""
    if time.monotonic() - record.info.get("used_at", time.monotonic()) > _SURE_SECONDS:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            connection.rollback()
        except psycopg2.Error as error:
            raise DisconnectionError from error


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A transaction whose statements all see the database as it was at the first of them."""
    with engine.begin() as connection:
        yield connection


def row(connection: Connection, name: str, **parameters: object) -> dict[str, object] | None:
    """The only row of `sql/queries/<name>.sql`; None if there is none."""
    found = connection.execute(statement(name), parameters).mappings().one_or_none()
    return None if found is None else dict(found)


def rows(connection: Connection, name: str, **parameters: object) -> list[dict[str, object]]:
    """The rows of `sql/queries/<name>.sql`."""
    return [dict(found) for found in connection.execute(statement(name), parameters).mappings()]
