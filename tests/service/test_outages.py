"""Postgres stops and starts again under a running service; a model is missing; a forecast is old."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from jobs.core.migrations import migrate
from jobs.core.postgres import engine
from jobs.lake.lake import Lake
from jobs.local_stack import postgres_server as server
from tests.conftest import Database
from tests.forecasts import DECEMBER, publish_new_run
from tests.service.running import make_champion, problem_of, serving

PATH = "/v1/customers/12347/forecast"


@dataclass
class OwnServer:
    """A Postgres server that a test may stop."""

    data: Path
    sockets: Path
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        server.initialise(self.data)
        with (self.data.parent / "server.log").open("ab") as log:
            options = [*server.command(self.data, self.sockets), "-c", "fsync=off"]
            self.process = subprocess.Popen(options, user=server.system_user(), stdout=log, stderr=log)
        server.wait_until_ready(self.sockets)

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=60)
            self.process = None


@pytest.fixture
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServer]:
    with TemporaryDirectory(prefix="clv-postgres-") as folder:
        Path(folder).chmod(0o711)
        running = OwnServer(tmp_path_factory.mktemp("own") / "data", Path(folder))
        running.start()
        try:
            yield running
        finally:
            running.stop()


def test_without_postgres_the_service_says_so_and_recovers_with_it(
    own_server: OwnServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.create_databases(own_server.sockets)
    urls = [server.url(role, "clv", own_server.sockets) for role in ("postgres", "clv_writer", "clv_reader")]
    migrate(engine(urls[0]))
    database = Database(*urls)
    make_champion(database, publish_new_run(database, Lake(str(tmp_path / "lake")), DECEMBER), 3)
    with serving(database) as service:
        key = service.key("reader", "read")
        before = service.get(PATH, key).json()
        own_server.stop()
        answer = service.get(PATH, key)
        problem = problem_of(answer, 503, "unavailable")
        assert answer.headers["retry-after"] == "2"
        assert str(own_server.sockets) not in answer.text
        assert problem["detail"] == "The forecast database does not respond in time."
        assert service.get("/healthz").json() == {"status": "ok"}
        ready = service.get("/readyz")
        assert (ready.status_code, ready.json()["database"]) == (503, False)
        assert ready.json()["missing"] == ["the forecast database does not respond"]
        causes = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
        assert len(causes) == 2
        assert all("OperationalError: " in cause for cause in causes)
        own_server.start()
        assert service.get(PATH, key).json() == before
        assert service.get("/readyz").status_code == 200


def test_a_service_may_start_before_its_database(own_server: OwnServer) -> None:
    url = server.url("clv_api", "clv", own_server.sockets)
    database = Database(*(server.url(role, "clv", own_server.sockets) for role in ("postgres", "x", "clv_reader")))
    own_server.stop()
    with serving(database, database_url=url) as service:
        assert service.get("/healthz").status_code == 200
        own_server.start()
        server.create_databases(own_server.sockets)
        migrate(engine(database.owner_url))
        assert service.get("/readyz").json()["missing"] == ["no month is published"]
        problem_of(service.get("/v1/models/champion", service.key("reader", "read")), 404, "no-champion")


def test_a_slow_statement_is_given_up(database: Database, tmp_path: Path) -> None:
    publish_new_run(database, Lake(str(tmp_path / "lake")), DECEMBER)
    with serving(database) as service, database.owner.connect() as connection:
        key = service.key("reader", "read")
        assert service.get(PATH, key).status_code == 200
        connection.exec_driver_sql("LOCK TABLE clv.forecast_rows")
        problem_of(service.get(PATH, key), 503, "unavailable")
        connection.rollback()
        assert service.get(PATH, key).status_code == 200


def test_the_process_responds_while_every_thread_waits_for_the_database(database: Database, tmp_path: Path) -> None:
    publish_new_run(database, Lake(str(tmp_path / "lake")), DECEMBER)
    with (
        serving(database, connections=1, requests_per_second=1000, burst=1000) as service,
        database.owner.connect() as held,
        ThreadPoolExecutor(60) as callers,
    ):
        key = service.key("reader", "read")
        held.exec_driver_sql("LOCK TABLE clv.forecast_rows")
        waiting = [callers.submit(service.get, PATH, key) for _ in range(60)]
        assert service.get("/healthz").status_code == 200
        assert "clv_api_requests_in_flight" in service.get("/metrics").text
        held.rollback()
        assert {call.result().status_code for call in waiting} <= {200, 503}
        assert service.get(PATH, key).status_code == 200


def test_a_month_is_served_although_no_version_has_passed_the_gate(database: Database, tmp_path: Path) -> None:
    publish_new_run(database, Lake(str(tmp_path / "lake")), DECEMBER)
    with serving(database) as service:
        key = service.key("reader", "read")
        answer = service.get("/readyz")
        assert (answer.status_code, answer.json()["champion"], answer.json()["missing"]) == (200, None, [])
        assert service.get(PATH, key).status_code == 200
        problem_of(service.get("/v1/models/champion", key), 404, "no-champion")


def test_readiness_names_the_champion_and_the_month(published: Database) -> None:
    with serving(published) as service:
        answer = service.get("/readyz")
    assert answer.status_code == 200
    said = answer.json()
    assert said.pop("forecasts_on_request")["model_version"] is None
    assert said == {
        "status": "ready",
        "database": True,
        "champion": 3,
        "data_month": "2011-11",
        "freshness": {"newest_closed_month": "2011-11", "age_days": 0},
        "missing": [],
    }


@pytest.mark.parametrize(
    ("allowed", "missing"), [(None, []), (62, []), (61, ["the newest forecast is 62 days old, 61 are allowed"])]
)
def test_a_forecast_may_be_as_old_as_the_operator_allows(
    published: Database, monkeypatch: pytest.MonkeyPatch, allowed: int | None, missing: list[str]
) -> None:
    monkeypatch.setattr("tests.service.running.TODAY", date(2012, 2, 10))
    with serving(published, max_age_days=allowed) as service:
        answer = service.get("/readyz")
    assert answer.json()["freshness"] == {"newest_closed_month": "2012-01", "age_days": 62}
    assert answer.json()["missing"] == missing
    assert answer.status_code == (503 if missing else 200)
