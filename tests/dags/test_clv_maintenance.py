"""The DAG that removes what nothing needs: when it runs, what it runs, and what happens when it fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
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


OWNERS = {"clv_export": "another team"}
KEPT = {("clv_monthly", "backfill__2009-08-01"), ("clv_late", "scheduled__1"), ("clv_export", "manual__1")}


class Airflow(ThreadingHTTPServer):
    """As much of Airflow's REST API as the removal needs: runs by DAG and id, with the day they ended."""

    daemon_threads = True

    def __init__(self, ended: dict[tuple[str, str], str]) -> None:
        super().__init__(("127.0.0.1", 0), _Call)
        self.ended, self.note, self.refusals = ended, "", dict[str, int]()


class _Call(BaseHTTPRequestHandler):
    server: Airflow

    def do_POST(self) -> None:
        self._answer({"access_token": "t0k3n"})

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {name: value for name, [value] in parse_qs(url.query).items()}
        if url.path == "/api/v2/dags":
            assert query == {"tags": "clv", "limit": "100"}
            dags = sorted({dag for dag, _ in self.server.ended})
            self._answer({"dags": [{"dag_id": dag_id, "owners": [OWNERS.get(dag_id, "clv")]} for dag_id in dags]})
            return
        dag_id = url.path.split("/")[4]
        runs = [(day, run) for (dag, run), day in self.server.ended.items() if dag == dag_id]
        old = [run for day, run in sorted(runs) if day < query["end_date_lt"]]
        self._answer({"dag_runs": [{"dag_run_id": run} for run in old[:1]]})

    def do_DELETE(self) -> None:
        assert self.headers["Authorization"] == "Bearer t0k3n"
        *_, dag, _, run = map(unquote, self.path.split("/"))
        code = self.server.refusals.get(run, 204)
        if code == 204:
            del self.server.ended[dag, run]
        self.send_response(code)
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


@pytest.fixture
def airflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Airflow]:
    """An Airflow with runs of long ago and of lately, whose logs lie below `tmp_path`."""
    ended = {
        ("clv_monthly", "manual__2009-10-01T00:00:00+00:00"): "2009-10-01T10:00:00+00:00",
        ("clv_monthly", "backfill__2009-09-01"): "2009-11-30T23:59:59+00:00",
        ("clv_monthly", "backfill__2009-08-01"): "2011-11-30T10:00:00+00:00",
        ("clv_late", "scheduled__1"): "2009-12-01T00:00:00+00:00",
        ("clv_export", "manual__1"): "2001-01-01T00:00:00+00:00",
    }
    for dag_id, run_id in ended:
        log = tmp_path / f"dag_id={dag_id}" / f"run_id={run_id}" / "task_id=score" / "attempt=1.log"
        log.parent.mkdir(parents=True)
        log.touch()
    monkeypatch.setenv("AIRFLOW__LOGGING__BASE_LOG_FOLDER", str(tmp_path))
    with serving(Airflow(ended)) as airflow:
        login = {"conn_type": "http", "host": f"http://127.0.0.1:{airflow.server_port}", "login": "a", "password": "b"}
        monkeypatch.setenv("AIRFLOW_CONN_AIRFLOW_API", json.dumps(login))
        yield airflow


def remove(maintenance: Any, maintained: object) -> None:
    ids = {"dag_id": "clv_maintenance", "run_id": "scheduled__2011-12-15", "task_id": "remove_old_runs"}
    ti = SimpleNamespace(**ids, xcom_pull={"maintain": maintained}.__getitem__)
    maintenance.get_task("remove_old_runs").python_callable(ti=ti)


def test_our_runs_that_ended_long_ago_go_with_their_logs(maintenance: Any, airflow: Airflow, tmp_path: Path) -> None:
    remove(maintenance, {"kept_since": "2009-12-01"})
    assert set(airflow.ended) == KEPT
    left = {(log.parts[-4].partition("=")[2], log.parts[-3].partition("=")[2]) for log in tmp_path.rglob("*.log")}
    assert left == KEPT
    assert airflow.note == "This attempt has removed 2 runs from Airflow that ended before 2009-12-01"


def test_a_run_that_was_started_again_meanwhile_stays(maintenance: Any, airflow: Airflow, tmp_path: Path) -> None:
    airflow.refusals = {"manual__2009-10-01T00:00:00+00:00": 409}
    remove(maintenance, {"kept_since": "2009-12-01"})
    assert ("clv_monthly", "manual__2009-10-01T00:00:00+00:00") in airflow.ended
    assert len(list(tmp_path.rglob("*.log"))) == len(airflow.ended)


def test_a_user_who_may_not_remove_runs_is_named(maintenance: Any, airflow: Airflow) -> None:
    airflow.refusals = dict.fromkeys((run for _, run in airflow.ended), 403)
    with pytest.raises(Exception, match="HTTP Error 403: Forbidden; the user of the connection 'airflow_api' must be"):
        remove(maintenance, {"kept_since": "2009-12-01"})


def test_without_a_day_to_keep_from_nothing_is_removed(maintenance: Any, airflow: Airflow) -> None:
    before = dict(airflow.ended)
    with pytest.raises(Exception, match="nothing was removed: clear the task maintain"):
        remove(maintenance, None)
    assert airflow.ended == before
