"""What a role may take from the server: tried on a server of its own, because roles belong to the whole server."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from jobs.core.migrations import migrate
from jobs.core.postgres import SQL, engine
from jobs.core.postgres_programs import program
from jobs.local_stack import postgres_server

PASSWORDS = ("AIRFLOW_DB_PASSWORD", "MLFLOW_DB_PASSWORD", "CLV_OWNER_PASSWORD", "CLV_WRITER_PASSWORD")
LIMITS = {
    "clv_writer": (30, ["statement_timeout=15min", "temp_file_limit=20GB"]),
    "clv_reader": (40, ["statement_timeout=5min", "temp_file_limit=5GB"]),
    "clv_api": (20, ["statement_timeout=5s", "temp_file_limit=1GB"]),
}


@pytest.fixture(scope="module", params=["bootstrap.sql", "the local stack"])
def sockets(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The socket of a server that was set up by psql, or as the local stack sets its own up."""
    with postgres_server.temporary(tmp_path_factory.mktemp("server") / "data") as folder:
        if request.param == "bootstrap.sql":
            environment = os.environ | dict.fromkeys((*PASSWORDS, "CLV_READER_PASSWORD", "CLV_API_PASSWORD"), "secret")
            place = ["-h", str(folder), "-U", postgres_server.SUPERUSER, "-d", "postgres"]
            psql = [str(program("psql")), "-X", "-v", "ON_ERROR_STOP=1", *place]
            subprocess.run([*psql, "-f", str(SQL / "bootstrap.sql")], env=environment, check=True, capture_output=True)
            owner = "clv_owner"
        else:
            postgres_server.create_databases(folder.parent)
            owner = postgres_server.SUPERUSER
        migrate(engine(postgres_server.url(owner, "clv", folder.parent)))
        yield folder


def connect(sockets: Path, role: str, database: str) -> psycopg2.extensions.connection:
    return psycopg2.connect(dbname=database, user=role, host=str(sockets))


def test_each_role_has_limits_on_connections_statements_and_temporary_files(sockets: Path) -> None:
    with closing(connect(sockets, "postgres", "clv")) as superuser, superuser.cursor() as cursor:
        cursor.execute("SELECT rolname, rolconnlimit, rolconfig FROM pg_roles WHERE rolname = ANY (%s)", [list(LIMITS)])
        assert {name: (connections, settings) for name, connections, settings in cursor.fetchall()} == LIMITS


def test_readers_leave_connections_for_others(sockets: Path) -> None:
    held = [connect(sockets, "clv_reader", "clv") for _ in range(LIMITS["clv_reader"][0])]
    try:
        with pytest.raises(psycopg2.OperationalError, match='too many connections for role "clv_reader"'):
            connect(sockets, "clv_reader", "clv")
        connect(sockets, "clv_writer", "clv").close()
    finally:
        for connection in held:
            connection.close()


@pytest.mark.parametrize("role", LIMITS)
@pytest.mark.parametrize("database", ["postgres", "airflow", "mlflow"])
def test_our_roles_connect_to_no_other_database(sockets: Path, role: str, database: str) -> None:
    with pytest.raises(psycopg2.OperationalError, match=f'permission denied for database "{database}"'):
        connect(sockets, role, database)


@pytest.mark.parametrize("role", ["airflow", "mlflow"])
def test_other_applications_connect_to_their_own_database_and_no_other(sockets: Path, role: str) -> None:
    connect(sockets, role, role).close()
    with pytest.raises(psycopg2.OperationalError, match='permission denied for database "clv"'):
        connect(sockets, role, "clv")
