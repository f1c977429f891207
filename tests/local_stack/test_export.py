"""What `make export` runs: the export of the shop used last, as the reader, into the shop's folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import make_url

from jobs.local_stack import export
from jobs.local_stack import postgres_server as postgres
from jobs.local_stack.home import shop_home

ARGUMENTS = ["--month", "2011-11", "--format", "csv"]


def test_the_reader_s_address_and_the_shop_s_folder_are_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[list[str], dict[str, str]]] = []
    home = shop_home(None, None, state=tmp_path)
    monkeypatch.setenv("CLV_HOME", str(tmp_path))
    monkeypatch.setattr(postgres, "server_process", lambda data: object())
    monkeypatch.setattr(os, "chdir", lambda folder: None)
    monkeypatch.setattr(os, "execve", lambda program, command, environment: started.append((command, environment)))
    export.main(ARGUMENTS)
    [(command, environment)] = started
    assert command[1:] == ["-m", "jobs.export", "--folder", str(home.folder / "exports"), *ARGUMENTS]
    url = make_url(environment["CLV_READER_DATABASE_URL"])
    assert (url.username, url.database, url.query["host"]) == ("clv_reader", "clv", str(home.sockets() / "postgres"))


def test_a_stack_that_is_down_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLV_HOME", str(tmp_path))
    with pytest.raises(SystemExit, match="start it with make up"):
        export.main(ARGUMENTS)
