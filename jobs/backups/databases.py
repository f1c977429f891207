"""Dump the databases of a server, and restore them, with Postgres's own programs, as superuser.

A dump is a snapshot, made while the databases are in use, with the privileges on them. Roles are dumped, too.
"""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import closing
from pathlib import Path

import psycopg2
from psycopg2.extensions import connection, make_dsn
from sqlalchemy import Engine, make_url

from jobs.core.postgres import engine
from jobs.core.postgres_programs import program
from jobs.core.refusal import RefusedError

FORECASTS = "clv"
DATABASES = (FORECASTS, "mlflow", "airflow")
"""In the order of their dumps: what a database names in the next one is there when that is dumped."""

ROLES = "roles.sql"
_OF_A_ROLE = re.compile(r'(?:CREATE|ALTER) ROLE ("(?:[^"]|"")+"|[^\s;]+)')

_NEWER_SETTING = 'unrecognized configuration parameter "transaction_timeout"'
"""What `pg_restore` sets, and servers before version 17 do not know: it goes on without."""


class BackupError(RefusedError):
    """A backup cannot be made or restored as requested."""


def forecast_database(server: str) -> Engine:
    """The forecast database of a server, as superuser."""
    return engine(make_url(server).set(database=FORECASTS).render_as_string(hide_password=False))


def databases(server: str) -> list[str]:
    """The databases of the pipeline that a server has, in the order of their dumps.

    Raises:
        BackupError: the server cannot be reached.
    """
    there = {name for (name,) in _query(server, "postgres", "SELECT datname FROM pg_database")}
    return [database for database in DATABASES if database in there]


def dump(server: str, folder: Path) -> None:
    """Write `roles.sql` and `<database>.dump` of each database to a folder; raises BackupError if a program fails."""
    (folder / ROLES).write_text(_run(server, "pg_dumpall", "--roles-only", "--no-comments"), encoding="utf-8")
    for database in databases(server):
        _run(server, "pg_dump", "--format=custom", f"--file={_file(folder, database)}", database)


def refuse_tables(server: str) -> None:
    """Raise BackupError if a database of the pipeline has tables: a restore would delete them."""
    for database in databases(server):
        if _query(server, database, "SELECT FROM pg_stat_user_tables LIMIT 1"):
            raise BackupError(
                f"the database {database} has tables already: nothing was restored. Restore to a server without them, "
                "or rename that database first"
            )


def restore_roles(server: str, folder: Path) -> None:
    """Restore the roles that do not exist, with their passwords and memberships, in one transaction.

    Raises:
        psycopg2.Error: the server does not accept a role; it has none of them then.
    """
    there = {name for (name,) in _query(server, "postgres", "SELECT quote_ident(rolname) FROM pg_roles")}
    with closing(_connected(server, "postgres")) as session, session, session.cursor() as cursor:
        for line in (folder / ROLES).read_text(encoding="utf-8").splitlines():
            role = _OF_A_ROLE.match(line)
            if line.startswith("GRANT ") or (role is not None and role[1] not in there):
                cursor.execute(line)


def restore_databases(server: str, folder: Path) -> None:
    """Restore every database of which the folder has a dump; raises BackupError if a program fails."""
    for database in DATABASES:
        if _file(folder, database).is_file():
            options = ["--create", "--clean", "--if-exists", "--dbname=postgres"]
            _run(server, "pg_restore", *options, str(_file(folder, database)))


def _file(folder: Path, database: str) -> Path:
    return folder / f"{database}.dump"


def _query(server: str, database: str, query: str) -> list[tuple[object, ...]]:
    with closing(_connected(server, database)) as session, session.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def _connected(server: str, database: str) -> connection:
    try:
        return psycopg2.connect(make_dsn(**_address(server), dbname=database))
    except psycopg2.OperationalError as error:
        raise BackupError(f"{str(error).strip()}: check CLV_SUPERUSER_DATABASE_URL") from error


def _address(server: str) -> dict[str, str]:
    url = make_url(server)
    address = {"host": url.host, "port": url.port, "user": url.username, "password": url.password, **url.query}
    return {name: str(value) for name, value in address.items() if value is not None}


def _run(server: str, name: str, *arguments: str) -> str:
    """Run one of Postgres's programs; the password is in its environment, where no list of processes shows it."""
    environment = os.environ | {f"PG{key.upper()}": value for key, value in _address(server).items()}
    environment |= {"LC_ALL": "C", "PGOPTIONS": "-c lc_messages=C"}
    folder = os.environ.get("CLV_POSTGRES_BIN")
    command = [str(Path(folder, name) if folder else program(name)), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    errors = [line for line in done.stderr.splitlines() if "error:" in line and _NEWER_SETTING not in line]
    if done.returncode != 0 and (errors or _NEWER_SETTING not in done.stderr):
        raise BackupError(f"{name} failed: {'; '.join(errors) or done.stderr.strip()}")
    return done.stdout
