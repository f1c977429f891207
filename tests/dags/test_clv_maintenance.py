"""The DAG that removes what nothing needs: when it runs, what it runs, and what happens when it fails."""

from __future__ import annotations

import json
import os
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests.alerts.receivers import serving


@pytest.fixture(scope="module")
def maintenance(dag_bag: Any) -> Any:
    return dag_bag.dags["clv_maintenance"]


def test_it_runs_on_the_fifteenth_once_at_a_time_and_does_not_catch_up(maintenance: Any) -> None:
    assert (maintenance.timetable.expression, str(maintenance.timetable.timezone)) == ("0 3 15 * *", "UTC")
    assert (maintenance.catchup, maintenance.max_active_runs) == (False, 1)


def test_its_first_task_names_the_day_of_the_run(maintenance: Any) -> None:
    command = maintenance.get_task("maintain").bash_command
    assert command.endswith("-m jobs.maintain --today {{ (dag_run.run_after.date().isoformat()) | quoted }}")
    assert maintenance.get_task("maintain").downstream_task_ids == {"remove_old_runs"}


def test_a_failure_is_told_and_tried_again(maintenance: Any) -> None:
    for task in maintenance.tasks:
        assert task.retries == 2
        assert task.on_failure_callback
        assert task.on_retry_callback


class Airflow(ThreadingHTTPServer):
    """As much of Airflow's REST API as the removal needs: runs by DAG and id, with the day they ended."""

    daemon_threads = True

    def __init__(self, ended: dict[tuple[str, str], str]) -> None:
        super().__init__(("127.0.0.1", 0), _Call)
        self.ended, self.note = ended, ""


class _Call(BaseHTTPRequestHandler):
    server: Airflow

    def do_POST(self) -> None:
        self._answer({"access_token": "t0k3n"})

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {name: value for name, [value] in parse_qs(url.query).items()}
        if url.path == "/api/v2/dags":
            assert query == {"tags": "clv"}
            self._answer({"dags": [{"dag_id": dag_id} for dag_id in sorted({dag for dag, _ in self.server.ended})]})
            return
        dag_id = url.path.split("/")[4]
        runs = [(day, run) for (dag, run), day in self.server.ended.items() if dag == dag_id]
        old = [run for day, run in sorted(runs) if day < query["end_date_lt"]]
        self._answer({"dag_runs": [{"dag_run_id": run} for run in old[:1]]})

    def do_DELETE(self) -> None:
        assert self.headers["Authorization"] == "Bearer t0k3n"
        *_, dag, _, run = self.path.split("/")
        del self.server.ended[dag, unquote(run)]
        self.send_response(204)
        self.end_headers()

    def do_PATCH(self) -> None:
        self.server.note = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["note"]
        self._answer({})

    def _answer(self, body: dict[str, Any]) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        pass


def written(path: Path, day: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    at = datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp()
    os.utime(path, (at, at))
    return path


def test_runs_that_ended_long_ago_go_with_their_logs(
    maintenance: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__LOGGING__BASE_LOG_FOLDER", str(tmp_path))
    monthly = tmp_path / "dag_id=clv_monthly"
    old = written(monthly / "run_id=manual__1" / "task_id=score" / "attempt=1.log", "2009-11-30")
    kept = {
        written(monthly / "run_id=manual__2" / "task_id=score" / "attempt=1.log", "2009-12-01"),
        written(tmp_path / "dag_id=another_team" / "run_id=1" / "task_id=x" / "attempt=1.log", "2001-01-01"),
    }
    ended = {
        ("clv_monthly", "manual__2009-10-01T00:00:00+00:00"): "2009-10-01T10:00:00+00:00",
        ("clv_monthly", "backfill__2009-09-01"): "2009-11-30T23:59:59+00:00",
        ("clv_monthly", "backfill__2009-08-01"): "2011-11-30T10:00:00+00:00",
        ("clv_late", "scheduled__1"): "2009-12-01T00:00:00+00:00",
    }
    pulled = SimpleNamespace(
        dag_id="clv_maintenance",
        run_id="scheduled__2011-12-15",
        task_id="remove_old_runs",
        xcom_pull={"maintain": {"kept_since": "2009-12-01"}}.__getitem__,
    )
    with serving(Airflow(ended)) as airflow:
        login = {"conn_type": "http", "host": f"http://127.0.0.1:{airflow.server_port}", "login": "a", "password": "b"}
        monkeypatch.setenv("AIRFLOW_CONN_AIRFLOW_API", json.dumps(login))
        maintenance.get_task("remove_old_runs").python_callable(ti=pulled)
    assert set(airflow.ended) == {("clv_monthly", "backfill__2009-08-01"), ("clv_late", "scheduled__1")}
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == kept
    assert not old.parents[1].exists()
    assert airflow.note == "Removed from Airflow what ended before 2009-12-01: 2 runs and 1 files of logs"
