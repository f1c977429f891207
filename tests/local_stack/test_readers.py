"""Who gets in over the TCP port of the embedded Postgres."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest

from jobs.local_stack.ports import LOOPBACK
from tests.readers import readable_server

PASSWORD = "s3cr3t of the reader's"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with readable_server(tmp_path_factory.mktemp("server"), PASSWORD) as server:
        yield server.port


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
