"""Everything that a stack keeps: its files, and the rows of its databases."""

from __future__ import annotations

from typing import Any

from psycopg2 import sql

from jobs.core.postgres import engine
from jobs.local_stack import postgres_server
from jobs.local_stack.stack import Stack

_TABLES = """
    SELECT table_schema, table_name FROM information_schema.tables
    WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')
"""
_ROWS = sql.SQL("SELECT coalesce(string_agg(rows::text, chr(10)), '') FROM {} AS rows")


def files(stack: Stack) -> dict[str, bytes]:
    """Path → content of every file of the stack, but those of Postgres."""
    folder = stack.home.folder
    paths = [path for path in folder.rglob("*") if path.relative_to(folder).parts[0] != "postgres"]
    return {str(path): path.read_bytes() for path in paths if path.is_file()}


def tables(stack: Stack) -> dict[str, bytes]:
    """Database, schema and name → all rows of every table of Airflow's, MLflow's and our own database."""
    actual = {}
    for database in postgres_server.OWNERS:
        url = postgres_server.url(postgres_server.SUPERUSER, database, stack.home.sockets(), stack.ports.postgres)
        with engine(url).connect() as connection:
            cursor: Any = connection.connection.cursor()
            cursor.execute(_TABLES)
            for schema, name in cursor.fetchall():
                cursor.execute(_ROWS.format(sql.Identifier(schema, name)))
                actual[f"{database}.{schema}.{name}"] = cursor.fetchone()[0].encode()
    return actual
