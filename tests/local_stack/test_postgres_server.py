from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from jobs.local_stack import postgres_server


def test_the_pid_file_of_a_server_that_is_gone_is_removed_whoever_has_its_number_now(tmp_path: Path) -> None:
    data = tmp_path / "data"
    postgres_server.initialise(data)
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n")
    assert postgres_server.server_process(data) is None
    postgres_server.initialise(data)
    assert not (data / "postmaster.pid").exists()


def test_the_url_of_a_socket_in_a_folder_with_odd_characters_is_read_back(tmp_path: Path) -> None:
    url = postgres_server.url("clv_writer", "clv", tmp_path / "a shop & co")
    query = parse_qs(urlsplit(url).query)
    assert query == {"host": [str(tmp_path / "a shop & co" / "postgres")], "port": ["5432"]}
