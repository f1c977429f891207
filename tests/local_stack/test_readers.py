"""Who gets in over the TCP port of the embedded Postgres."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg2
import pytest

from jobs.core.migrations import migrate
from jobs.core.postgres import engine
from jobs.local_stack import postgres_server as server
from jobs.local_stack.ports import LOOPBACK

PASSWORD = "s3cr3t of the reader's"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port = int(probe.getsockname()[1])
    data = tmp_path_factory.mktemp("server") / "postgres"
    with TemporaryDirectory(prefix="clv-") as folder:
        sockets = Path(folder)
        sockets.chmod(0o711)
        server.initialise(data)
        process = subprocess.Popen([*server.command(data, sockets, port), "-c", "fsync=off"], user=server.system_user())
        try:
            server.wait_until_ready(sockets, port)
            server.create_databases(sockets, port)
            migrate(engine(server.url(server.SUPERUSER, "clv", sockets, port)))
            server.set_reader_password(PASSWORD, sockets, port)
            yield port
        finally:
            process.terminate()
            process.wait(timeout=60)


def connect(port: int, **account: Any) -> None:
    psycopg2.connect(host=LOOPBACK, port=port, connect_timeout=10, **account).close()


def test_the_reader_gets_in_by_password(port: int) -> None:
    connect(port, dbname="clv", user="clv_reader", password=PASSWORD)


@pytest.mark.parametrize(
    ("account", "said"),
    [
        ({"dbname": "clv", "user": "clv_reader"}, "no password supplied"),
        ({"dbname": "clv", "user": "clv_reader", "password": "wrong"}, "password authentication failed"),
        ({"dbname": "clv", "user": "clv_writer", "password": PASSWORD}, "no pg_hba.conf entry"),
        ({"dbname": "clv", "user": "postgres", "password": PASSWORD}, "no pg_hba.conf entry"),
        ({"dbname": "airflow", "user": "clv_reader", "password": PASSWORD}, "no pg_hba.conf entry"),
    ],
)
def test_nobody_else_does(port: int, account: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSFILE", "/dev/null")
    with pytest.raises(psycopg2.OperationalError, match=said):
        connect(port, **account)
