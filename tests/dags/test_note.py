"""The note of a run, written through Airflow's REST API; whatever is wrong with it, no run fails."""

from __future__ import annotations

import json
import logging
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.alerts.receivers import serving
from tests.dags.conftest import PLAN

CALENDAR = ["--run-type", "scheduled", "--logical-date", "2011-12-01T00:00:00+00:00", "--month", ""]
RUN = "/api/v2/dags/clv_monthly/dagRuns/scheduled__2012-01-01"


class Api(ThreadingHTTPServer):
    """As much of Airflow's REST API as notes need; or something that answers with a text and a status instead."""

    daemon_threads = True

    def __init__(self, *, note: str | None = None, answer: str | None = None, status: int = 200) -> None:
        super().__init__(("127.0.0.1", 0), _Call)
        self.note, self.answer, self.status = note, answer, status

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Call(BaseHTTPRequestHandler):
    server: Api

    def do_POST(self) -> None:
        self._answer({"access_token": "t0k3n"})

    def do_GET(self) -> None:
        self._answer({"note": self.server.note})

    def do_PATCH(self) -> None:
        assert self.path == RUN
        assert self.headers["Authorization"] == "Bearer t0k3n"
        self.server.note = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["note"]
        self._answer({})

    def _answer(self, body: dict[str, Any]) -> None:
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write((json.dumps(body) if self.server.answer is None else self.server.answer).encode())

    def log_message(self, *_: object) -> None:
        pass


def instance(pulled: object, task_id: str = "plan.note") -> Any:
    """A task's instance; `pulled` is its plan, or what pulling it raises."""

    def pull(_: str) -> object:
        if isinstance(pulled, BaseException):
            raise pulled
        return pulled

    return SimpleNamespace(dag_id="clv_monthly", run_id="scheduled__2012-01-01", task_id=task_id, xcom_pull=pull)


@pytest.fixture
def write(dag: Any) -> Any:
    return dag.get_task("plan.note").python_callable


@pytest.fixture
def add(write: Any) -> Any:
    """`add_failure` of the module that holds `write_note`."""
    return sys.modules[write.__module__].add_failure


@pytest.fixture(autouse=True)
def logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def connect(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    airflow = {"conn_type": "http", "host": url, "login": "admin", "password": "s3cr3t"}
    monkeypatch.setenv("AIRFLOW_CONN_AIRFLOW_API", json.dumps(airflow))


def test_the_note_is_the_plan(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Api()) as api:
        connect(monkeypatch, api.url)
        write(CALENDAR, ti=instance(PLAN))
    assert api.note == "Month 2011-11"


@pytest.fixture
def landing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shop that has delivered November and not December."""
    settings = {"CLV_SOURCE": "simulated_shop", "CLV_LANDING": tmp_path / "landing", "CLV_LAKE": tmp_path / "lake"}
    for name, value in (settings | {"CLV_PYTHON": sys.executable}).items():
        monkeypatch.setenv(name, str(value))
    folder = tmp_path / "landing" / "transactions" / "month=2011-11"
    folder.mkdir(parents=True)
    (folder / "_SUCCESS").touch()
    (folder / "part.csv").write_text("customer_id\n7\n", encoding="utf-8")
    return tmp_path / "landing"


def test_the_note_of_a_run_without_data_says_what_is_missing_and_what_starts_the_month(
    write: Any, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Api()) as api:
        connect(monkeypatch, api.url)
        write(CALENDAR, ti=instance(None))
        assert api.note == (
            "Month 2011-12 is not delivered in full yet: transactions are complete up to 2011-11; waiting for 2011-12. "
            "Nothing was changed. clv_deliveries starts it once it is delivered; if no run of clv_deliveries is "
            "waiting, trigger it with this month."
        )
        (landing / "transactions" / "month=2011-11").rename(landing / "transactions" / "month=2011-12")
        write(CALENDAR, ti=instance(None))
        assert "2011-12 is not delivered in full yet: it was not when this run looked." in api.note


@pytest.mark.usefixtures("landing")
def test_the_command_of_the_note_is_that_of_the_plan(render: Any) -> None:
    from datetime import UTC, datetime

    [calendar] = render("plan.note", "scheduled", datetime(2011, 12, 1, tzinfo=UTC)).op_args
    assert calendar == CALENDAR


@pytest.mark.parametrize(
    ("api", "said"),
    [
        ({"status": 500}, "the connection 'airflow_api' does not work: HTTP Error 500"),
        ({"answer": "<html>"}, "JSONDecodeError"),
        ({"answer": "{}"}, "KeyError: 'access_token'"),
        ({"answer": "[]"}, "TypeError"),
    ],
)
def test_an_api_that_answers_something_else_fails_nothing(
    write: Any, add: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, api: Any, said: str
) -> None:
    with serving(Api(**api)) as server:
        connect(monkeypatch, server.url)
        write(CALENDAR, ti=instance(PLAN))
        add(instance(PLAN, "retrain.train"), "too little history")
    assert server.note is None
    assert caplog.text.count(f"No note was written: {said}") == 2
    assert "s3cr3t" not in caplog.text


@pytest.mark.parametrize("kind", ["RuntimeError", "AirflowTaskTimeout", "KeyError"])
def test_a_plan_that_cannot_be_pulled_fails_nothing(write: Any, caplog: pytest.LogCaptureFixture, kind: str) -> None:
    from airflow.sdk.exceptions import AirflowTaskTimeout

    errors = {
        "RuntimeError": RuntimeError("down"),
        "AirflowTaskTimeout": AirflowTaskTimeout(),
        "KeyError": {"run_id": 1},
    }
    write(CALENDAR, ti=instance(errors[kind]))
    assert f"No note was written: {kind}" in caplog.text


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "no url", "ftp://127.0.0.1"])
def test_an_address_that_is_wrong_fails_nothing(
    write: Any, add: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, url: str
) -> None:
    connect(monkeypatch, url)
    write(CALENDAR, ti=instance(PLAN))
    add(instance(PLAN, "retrain.train"), "too little history")
    assert caplog.text.count("No note was written: ") == 2


def test_without_the_connection_there_is_a_line_in_the_log(write: Any, caplog: pytest.LogCaptureFixture) -> None:
    write(CALENDAR, ti=instance(PLAN))
    assert [record.getMessage() for record in caplog.records if record.name == "clv"] == [
        "Month 2011-11",
        "No note was written: create the connection 'airflow_api' (host, login, password)",
    ]


def test_failures_are_added_to_the_note_the_newest_of_each_task(add: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Api(note="Month 2011-11: forecast")) as api:
        connect(monkeypatch, api.url)
        add(instance(PLAN, "ingest"), "customers.csv is empty (exit code 65)")
        add(instance(PLAN, "retrain.train"), "MLflow is down (exit code 1)")
        add(instance(PLAN, "ingest"), "customers.csv has no header (exit code 65)")
    assert api.note.splitlines() == [
        "Month 2011-11: forecast",
        "FAILED retrain.train: MLflow is down (exit code 1)",
        "FAILED ingest: customers.csv has no header (exit code 65)",
    ]


@pytest.mark.parametrize(("note", "reason"), [("", "why"), ("x" * 1000, "why"), ("x" * 1000, "y" * 2000)])
def test_a_note_is_never_too_long_for_airflow_and_keeps_the_failure(
    add: Any, monkeypatch: pytest.MonkeyPatch, note: str, reason: str
) -> None:
    with serving(Api(note=note)) as api:
        connect(monkeypatch, api.url)
        add(instance(PLAN, "plan.plan"), reason)
    assert len(api.note) <= 1000
    assert api.note.splitlines()[-1].startswith(f"FAILED plan.plan: {reason[0]}")
