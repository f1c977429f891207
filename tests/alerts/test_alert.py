"""Notices of jobs that really failed, received by real servers; and receivers that do not work."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from email import message_from_string
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from jobs.alerts.receivers import Notice
from jobs.core.postgres import statement
from tests.alerts.receivers import MailServer, Webhook, serving
from tests.conftest import Database
from tests.dags.conftest import PLAN, Render
from tests.forecasts import seen

RUN = "manual__2011-12-05T00:00:00+00:00"
LINK = "http://localhost:8080/dags/clv_monthly/runs/manual__2011-12-05T00%3A00%3A00%2B00%3A00"
NO_DATABASE = "postgresql+psycopg2://clv_writer:s3cr3t@127.0.0.1:9/clv"


def instance(task: Any, pulled: object = None, attempt: int = 1) -> Any:
    """A task's instance as the worker and the callbacks know it."""
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    class Instance(RuntimeTaskInstance):
        def xcom_pull(self, task_ids: Any = None, **_: Any) -> Any:
            return pulled

    known = {"task_id": task.task_id, "dag_id": "clv_monthly", "run_id": RUN, "try_number": attempt}
    return Instance.model_construct(id=uuid4(), map_index=-1, task=task, **known)


def end(task: Any, state: str, error: str | BaseException | None, *, pulled: object = None, **params: str) -> None:
    """What Airflow does at the end of an attempt: it runs the task's callbacks for its state."""
    import structlog
    from airflow.sdk.api.datamodels._generated import TaskInstanceState
    from airflow.sdk.execution_time.task_runner import _run_task_state_change_callbacks

    ti, failure = instance(task, pulled), RuntimeError(error) if isinstance(error, str) else error
    kind = {"failed": "on_failure_callback", "up_for_retry": "on_retry_callback"}[TaskInstanceState(state).value]
    context: Any = {"ti": ti, "exception": failure, "params": {"month": None} | params}
    _run_task_state_change_callbacks(task, kind, context, structlog.get_logger())  # type: ignore[arg-type]


def failing_plan(render: Render, database: Database, landing: Path) -> tuple[Any, int]:
    """Run the plan task's command line on a delivery that has none of the columns; the task and its exit code."""
    landing.write_text("a,b\n1,2\n")
    task = render("plan.plan", month="2011-11")
    environ = os.environ | task.env | {
        "CLV_PYTHON": sys.executable,
        "CLV_SOURCE": "online_retail_ii",
        "CLV_LANDING": str(landing),
        "CLV_LAKE": str(landing.with_name("lake")),
        "CLV_REPORTS": str(landing.with_name("reports")),
        "CLV_DATABASE_URL": database.writer_url,
        "MLFLOW_TRACKING_URI": "http://127.0.0.1:9",
        "AIRFLOW_CTX_DAG_RUN_ID": RUN,
        "AIRFLOW_CTX_TASK_ID": task.task_id,
        "AIRFLOW_CTX_TRY_NUMBER": "1",
    }  # fmt: skip
    return task, subprocess.run(["bash", "-c", task.bash_command], env=environ, cwd=task.cwd, check=False).returncode


@pytest.fixture(autouse=True)
def surroundings(database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("CLV_PYTHON", sys.executable)
    monkeypatch.setenv("CLV_DATABASE_URL", database.writer_url)
    monkeypatch.delenv("AIRFLOW_CONN_CLV_ALERTS", raising=False)
    caplog.set_level(logging.INFO)


def connect(monkeypatch: pytest.MonkeyPatch, **connection: Any) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_CLV_ALERTS", json.dumps(connection))


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log's filter shows at level ERROR."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_refused_delivery_is_told_with_its_file_its_month_and_the_link(
    render: Render,
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    task, code = failing_plan(render, database, tmp_path / "november.csv")
    assert code == 65
    with serving(Webhook()) as webhook:
        connect(monkeypatch, conn_type="generic", host=f"{webhook.url}/services", password="T0/B0/s3cr3t")
        end(task, "failed", "Bash command failed. The command returned a non-zero exit code 65.", month="2011-11")
    [(path, body)] = webhook.received
    assert path == "/services/T0/B0/s3cr3t"
    assert (body["event"], body["task"], body["month"], body["dag_run_id"]) == ("failed", "plan.plan", "2011-11", RUN)
    assert body["link"] == f"{LINK}/tasks/plan.plan?try_number=1"
    [recorded] = seen(database, "run_failures")
    assert "november.csv" in recorded["reason"]
    assert body["reason"] == f"{recorded['reason']} (exit code 65)"
    assert errors(caplog)[-1] == body["reason"]
    assert body["text"].splitlines() == ["CLV 2011-11: plan.plan failed", body["reason"], body["link"]]


def test_a_month_that_only_the_job_knew_is_told(
    render: Render, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, _ = failing_plan(render, database, tmp_path / "november.csv")
    with serving(Webhook()) as webhook:
        connect(monkeypatch, host=webhook.url)
        end(task, "failed", "… exit code 65.")
    [(_, body)] = webhook.received
    assert (body["month"], body["text"].splitlines()[0]) == ("2011-11", "CLV 2011-11: plan.plan failed")


def test_a_refused_delivery_is_told_by_mail(
    render: Render, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, _ = failing_plan(render, database, tmp_path / "november.csv")
    with serving(MailServer()) as server:
        extra = {"from_email": "clv@example.com", "to": "team@example.com"}
        connect(monkeypatch, conn_type="smtp", host="127.0.0.1", port=server.port, extra=extra)
        end(task, "failed", "… exit code 65.", month="2011-11")
    [message] = server.messages
    assert {"Subject: CLV 2011-11: plan.plan failed", "From: clv@example.com", "To: team@example.com"} <= set(
        message.split("\r\n")
    )
    content = message_from_string(message).get_payload(decode=True).decode()
    assert "november.csv" in content
    assert "/tasks/plan.plan" in content


def test_an_attempt_that_is_tried_again_is_told_to_nobody(dag: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Webhook()) as webhook:
        connect(monkeypatch, host=webhook.url)
        for task in dag.tasks:
            end(task, "up_for_retry", "Error code is: 1.", pulled=PLAN)
        assert webhook.received == []
        end(
            dag.get_task("score"),
            "failed",
            "Error code is: 137.\nLast spark-submit output:\nexit code 1.",
            pulled=PLAN,
        )
    [(_, body)] = webhook.received
    assert (body["task"], body["month"], body["reason"]) == ("score", "2011-11", "exit code 137")


def test_every_task_tells_of_its_failure(dag: Any) -> None:
    assert {task.task_id for task in dag.tasks if not task.on_failure_callback} == set()


@pytest.mark.parametrize(
    "dag_id", ["clv_monthly", "clv_deliveries", "clv_late", "clv_heartbeat", "clv_rollback", "clv_withdraw"]
)
def test_every_attempt_that_fails_logs_its_reason_last(
    dag_bag: Any, dag_id: str, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    [*others, task] = dag_bag.dags[dag_id].tasks
    for other in others:
        assert other.on_failure_callback == task.on_failure_callback
        assert other.on_retry_callback == task.on_retry_callback
    with database.writer.begin() as connection:
        recorded = {"dag_run_id": RUN, "task": task.task_id, "attempt": 1, "reason": "november.csv has no header"}
        recorded |= {"as_of": None, "was_refused": True}
        connection.execute(statement("record_failure"), recorded)
    for state in ("failed", "up_for_retry") if task.retries else ("failed",):
        caplog.clear()
        end(task, state, "Error code is: 65.\nLast spark-submit output:\nno header", pulled=PLAN)
        assert errors(caplog) == ["november.csv has no header (exit code 65)"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("AirflowSensorTimeout", "Not started within 5 days: 2011-11: transactions are complete up to 2011-10."),
        ("AirflowFailException", "The configuration has the unknown keys moth"),
        ("AirflowTaskTimeout", "AirflowTaskTimeout"),
        ("RuntimeError", "RuntimeError"),
        (None, "the task was lost"),
    ],
)
def test_a_task_that_fails_without_a_job_tells_what_airflow_says(
    dag: Any, caplog: pytest.LogCaptureFixture, error: str | None, reason: str
) -> None:
    from airflow.sdk import exceptions

    kind = vars(exceptions).get(error, RuntimeError)
    end(dag.get_task("plan.plan"), "failed", None if error is None else kind(reason))
    assert errors(caplog) == [reason]


def test_whatever_is_wrong_while_a_failure_is_told_its_reason_is_logged(
    dag: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CLV_PYTHON", "/there/is/no/such/python")
    monkeypatch.setenv("AIRFLOW_CONN_AIRFLOW_API", "not a connection")
    connect(monkeypatch, conn_type="smtp", host="127.0.0.1")
    for state in ("failed", "up_for_retry"):
        caplog.clear()
        end(dag.get_task("plan.plan"), state, "exit code 65.", pulled=["no plan"])
        assert errors(caplog) == ["exit code 65"]
        assert "The reason cannot be looked up: FileNotFoundError" in caplog.text


def test_a_failure_that_could_not_be_recorded_is_told_with_what_airflow_knows(
    dag: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CLV_DATABASE_URL", NO_DATABASE)
    with serving(Webhook()) as webhook:
        connect(monkeypatch, host=webhook.url)
        end(dag.get_task("publish.publish"), "failed", "exit code 1.", pulled=PLAN)
    assert webhook.received[0][1]["reason"] == "exit code 1"
    output = caplog.text
    assert "Cannot read the reason from Postgres" in output
    assert "s3cr3t" not in output


def test_without_the_connection_there_is_a_line_in_the_log(dag: Any, caplog: pytest.LogCaptureFixture) -> None:
    end(dag.get_task("score"), "failed", "Error code is: 1.", pulled=PLAN)
    assert "No alert was sent: there is no connection 'clv_alerts'" in caplog.text


@pytest.mark.parametrize(
    ("connection", "message"),
    [
        ({"host": "http://127.0.0.1:9/s3cr3t", "password": "s3cr3t"}, "URLError"),
        ({"host": "http://127.0.0.1:9/a b", "password": "s3cr3t"}, "InvalidURL"),
        ({"host": "hooks.example.com", "password": "s3cr3t"}, "set a host that starts with https://"),
        ({"conn_type": "smtp", "host": "127.0.0.1", "password": "s3cr3t"}, "from_email and to"),
        (
            {"conn_type": "smtp", "host": "127.0.0.1", "port": 9, "extra": {"from_email": "a@b.c", "to": "d@e.f"}},
            "ConnectionRefusedError",
        ),
    ],
)
def test_a_receiver_that_is_wrong_is_a_line_in_the_log_without_its_secret(
    dag: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, connection: Any, message: str
) -> None:
    connect(monkeypatch, **connection)
    end(dag.get_task("score"), "failed", "Error code is: 1.", pulled=PLAN)
    out = caplog.text
    assert "No notice was sent" in out
    assert message in out
    assert "s3cr3t" not in out


def test_a_receiver_that_answers_with_an_error_is_a_line_in_the_log(
    dag: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(Webhook(status=500)) as webhook:
        connect(monkeypatch, host=webhook.url)
        end(dag.get_task("score"), "failed", "Error code is: 1.", pulled=PLAN)
    assert "No notice was sent: HTTPError: HTTP Error 500" in caplog.text


def test_a_receiver_that_never_answers_is_given_up(
    dag: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    task = dag.get_task("score")
    [callback] = task.on_failure_callback
    monkeypatch.setitem(callback.__globals__, "ALERT_TIMEOUT_SECONDS", 5)
    with serving(Webhook(hangs=True)) as webhook:
        connect(monkeypatch, host=webhook.url)
        end(task, "failed", "Error code is: 1.", pulled=PLAN)
    assert "No alert was sent: TimeoutExpired" in caplog.text


def test_a_password_is_not_given_to_a_mail_server_without_encryption(
    dag: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(MailServer()) as server:
        extra = {"from_email": "clv@example.com", "to": "team@example.com"}
        login = {"login": "clv", "password": "s3cr3t"}
        connect(monkeypatch, conn_type="smtp", host="127.0.0.1", port=server.port, extra=extra, **login)
        end(dag.get_task("score"), "failed", "Error code is: 1.", pulled=PLAN)
    assert server.messages == []
    assert "s3cr3t" not in " ".join(server.commands)
    assert "does not support TLS: the password was not sent" in caplog.text


def test_a_chat_reads_no_mark_up_in_a_notice() -> None:
    fields = {"event": "failed", "month": "2011-11", "task": "ingest", "dag_run_id": RUN, "link": LINK}
    notice = Notice(reason="november.csv: <!channel> <https://evil.example|here>", **fields)
    assert "<" not in notice.text
    assert ">" not in notice.text
