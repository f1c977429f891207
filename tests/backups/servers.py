"""Postgres servers of their own, and what is in them."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest

from jobs.core.postgres_programs import program
from jobs.local_stack import postgres_server
from tests.conftest import Database


@contextmanager
def server(folder: Path) -> Iterator[Path]:
    """A Postgres server of its own, by the folder above its socket's."""
    with postgres_server.temporary(folder / "data") as sockets:
        yield sockets.parent


@contextmanager
def older_server(folder: Path) -> Iterator[Path]:
    """The same of version 16."""
    user, data, sockets = postgres_server.system_user(), folder / "data", Path(mkdtemp(prefix="clv-16-"))
    postgres_server.initialise(folder / "unused")  # makes the user that the server runs as
    sockets.chmod(0o711)
    own = postgres_server.socket_folder(sockets)
    data.mkdir()
    if user is not None:
        shutil.chown(data, user)
    subprocess.run([program("initdb", 16), "-D", data, "-U", "postgres", "-A", "trust"], user=user, check=True, cwd="/")
    command = [program("postgres", 16), "-D", data, "-k", own, "-c", "listen_addresses=", "-c", "fsync=off"]
    running = subprocess.Popen(command, user=user, cwd="/")
    try:
        postgres_server.wait_until_ready(sockets)
        yield sockets
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(timeout=60)
        shutil.rmtree(sockets)


def point_at(monkeypatch: pytest.MonkeyPatch, state: Path, sockets: Path) -> None:
    """Set what the programs read to a state folder and a server."""
    variables = {
        "CLV_SOURCE": "simulated_shop",
        "CLV_LAKE": str(state / "lake"),
        "CLV_REPORTS": str(state / "reports"),
        "CLV_ARTIFACTS": str(state / "mlflow"),
        "CLV_SUPERUSER_DATABASE_URL": postgres_server.url("postgres", "postgres", sockets),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def database_of(sockets: Path) -> Database:
    roles = ("postgres", "clv_writer", "clv_reader")
    return Database(*(postgres_server.url(role, "clv", sockets) for role in roles))


def contents(sockets: Path, database: str) -> str:
    """All of a database as SQL, with its privileges."""
    command = [program("pg_dump"), "--create", "-h", sockets / "postgres", "-U", "postgres", database]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return "\n".join(line for line in text.splitlines() if not line.startswith(("\\restrict", "\\unrestrict")))


def roles(sockets: Path) -> list[str]:
    """The roles of a server, with their passwords, settings and memberships, as SQL."""
    command = [program("pg_dumpall"), "--roles-only", "-h", sockets / "postgres", "-U", "postgres"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [line for line in lines if not line.startswith("\\")]
