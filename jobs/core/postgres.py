"""Postgres connections, and the statements in `sql/queries/`: one per file, with `:name` bound parameters."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy import Engine, RowMapping, TextClause, create_engine, text
from sqlalchemy.pool import NullPool

SQL = Path(__file__).parents[2] / "sql"

APPLICATION_NAME = "clv-pipeline"
CONNECT_TIMEOUT_SECONDS = 10
SERVER_SETTINGS = {
    "timezone": "UTC",
    "statement_timeout": "15min",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "2min",
}
"""Limits on how long a job that hangs, or dies without closing its connection, can hold a lock."""


def engine(url: str) -> Engine:
    """An engine for a SQLAlchemy URL that opens a connection per transaction and keeps none open.

    The session time zone is UTC. Connecting, statements and locks have timeouts.
    """
    return create_engine(
        url,
        poolclass=NullPool,
        connect_args={
            "application_name": APPLICATION_NAME,
            "connect_timeout": CONNECT_TIMEOUT_SECONDS,
            "options": " ".join(f"-c {name}={value}" for name, value in SERVER_SETTINGS.items()),
        },
    )


@cache
def statement(name: str) -> TextClause:
    """The statement in `sql/queries/<name>.sql`, for `connection.execute(statement(name), parameters)`."""
    return text((SQL / "queries" / f"{name}.sql").read_text(encoding="utf-8"))


def execute(engine: Engine, name: str, **parameters: object) -> None:
    """Run `sql/queries/<name>.sql` in a transaction of its own."""
    with engine.begin() as connection:
        connection.execute(statement(name), parameters)


def fetch(engine: Engine, name: str, **parameters: object) -> list[RowMapping]:
    """Run `sql/queries/<name>.sql` in a transaction of its own; its rows, each a mapping of column → value."""
    with engine.begin() as connection:
        return list(connection.execute(statement(name), parameters).mappings())
