"""The signal that a monitor outside expects each day: when it is sent, and when its absence is to tell something."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.alerts.receivers import serving

LATE = {"month": "2011-11", "reason": "month 2011-11 is not published on 2011-12-11"}
PUBLISHED = {"month": "2011-11", "reason": ""}


class Monitor(ThreadingHTTPServer):
    """Keeps the paths that it is asked for."""

    daemon_threads = True

    def __init__(self, status: int = 200) -> None:
        super().__init__(("127.0.0.1", 0), _Get)
        self.status = status
        self.paths: list[str] = []


class _Get(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        monitor = cast(Monitor, self.server)
        monitor.paths.append(self.path)
        self.send_response(monitor.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def heartbeat(dag_bag: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("CLV_PYTHON", sys.executable)
    return dag_bag.dags["clv_heartbeat"]


def send(heartbeat: Any, late: dict[str, str], day: int = 2) -> None:
    run = SimpleNamespace(run_after=datetime(2011, 12, day, 12, 30, tzinfo=UTC))
    heartbeat.get_task("signal").python_callable(ti=SimpleNamespace(xcom_pull=lambda _: late), dag_run=run)


def connect(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    text = f'{{"conn_type": "generic", "host": "{host}", "password": "s3cr3t-of-the-monitor"}}'
    monkeypatch.setenv("AIRFLOW_CONN_CLV_HEARTBEAT", text)


def test_it_is_sent_each_day_by_a_dag_that_is_on_from_the_start(heartbeat: Any) -> None:
    assert heartbeat.timetable.expression == "30 12 * * *"
    assert heartbeat.is_paused_upon_creation is False
    assert [task.task_id for task in heartbeat.topological_sort()] == ["late", "signal"]


@pytest.mark.parametrize(("late", "day"), [(PUBLISHED, 2), (PUBLISHED, 31), (LATE, 10)])
def test_the_monitor_gets_it(heartbeat: Any, monkeypatch: pytest.MonkeyPatch, late: dict[str, str], day: int) -> None:
    with serving(Monitor()) as monitor:
        connect(monkeypatch, f"http://127.0.0.1:{monitor.server_address[1]}/ping/")
        send(heartbeat, late, day)
    assert monitor.paths == ["/ping/s3cr3t-of-the-monitor"]


def test_none_is_sent_for_a_month_that_is_missing_after_the_alerts_have_ended(
    heartbeat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    with serving(Monitor()) as monitor:
        connect(monkeypatch, f"http://127.0.0.1:{monitor.server_address[1]}")
        with pytest.raises(AirflowSkipException, match="No signal was sent: month 2011-11 is not published"):
            send(heartbeat, LATE, 11)
    assert monitor.paths == []


def test_without_a_monitor_it_is_skipped(heartbeat: Any) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    with pytest.raises(AirflowSkipException, match="there is no connection 'clv_heartbeat'"):
        send(heartbeat, PUBLISHED)


def test_a_monitor_that_does_not_accept_it_fails_the_task_and_its_secret_is_not_shown(
    heartbeat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.exceptions import AirflowException

    with serving(Monitor(status=404)) as monitor:
        connect(monkeypatch, f"http://127.0.0.1:{monitor.server_address[1]}")
        with pytest.raises(AirflowException, match="No signal was sent: HTTPError: HTTP Error 404") as raised:
            send(heartbeat, PUBLISHED)
    assert "s3cr3t" not in str(raised.value)
    connect(monkeypatch, "ftp://example.com")
    with pytest.raises(AirflowException, match="set a host that starts with https://"):
        send(heartbeat, PUBLISHED)
