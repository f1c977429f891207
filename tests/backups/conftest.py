"""A shop that is in use, and a backup of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from jobs import back_up
from jobs.core.migrations import migrate
from jobs.core.postgres import engine
from jobs.lake.lake import Lake
from jobs.local_stack import postgres_server
from tests.backups.servers import database_of, point_at, server
from tests.forecasts import DECEMBER, NOVEMBER, OCTOBER, publish_new_run


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """The state and the server of a shop with three published months, one of them twice."""
    state = tmp_path_factory.mktemp("used")
    with server(state) as sockets:
        postgres_server.create_databases(sockets)
        database = database_of(sockets)
        migrate(database.owner)
        with database.owner.begin() as connection:
            connection.execute(text('CREATE ROLE "a ""BI"" tool" LOGIN PASSWORD \'it\'\'s secret\' IN ROLE clv_reader'))
        for name in ("mlflow", "airflow"):
            with engine(postgres_server.url(name, name, sockets)).begin() as connection:
                connection.execute(text("CREATE TABLE things AS SELECT generate_series(1, 9) AS number"))
        lake = Lake(str(state / "lake"))
        for as_of, level in ((OCTOBER, "1.00"), (NOVEMBER, "2.00"), (DECEMBER, "3.00"), (DECEMBER, "4.00")):
            publish_new_run(database, lake, as_of, level=level)
        for name in ("mlflow/1/model.ubj", "reports/2011-11/page.html", "lake/landing_cache/copy.parquet"):
            (state / name).parent.mkdir(parents=True, exist_ok=True)
            (state / name).write_bytes(name.encode())
        yield state, sockets


@pytest.fixture
def made(used: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A backup of it."""
    point_at(monkeypatch, *used)
    back_up.main(["--to", str(tmp_path / "backup")])
    return tmp_path / "backup"
