"""Runs of the monthly DAG: what they wait for, what they skip, and which failures they tolerate."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.dags.conftest import PLAN, SPECIAL_PLAN, Render


class _Plan:
    def __init__(self, plan: dict[str, Any] = PLAN) -> None:
        self.plan = plan

    def xcom_pull(self, task_id: str) -> dict[str, object]:
        return self.plan


@pytest.mark.parametrize(
    ("plan", "left_out", "run"),
    [(PLAN, "special.score_special", "score.score"), (SPECIAL_PLAN, "score.score", "special.score_special")],
)
def test_a_run_ends_in_its_month_or_beside_it_never_in_both(
    render: Render, plan: dict[str, Any], left_out: str, run: str
) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    context = {"ti": _Plan(plan)}
    render(run)._pre_execute_hook(context)
    with pytest.raises(AirflowSkipException):
        render(left_out)._pre_execute_hook(context)


@pytest.mark.parametrize("conf", [None, {}, {"month": "2011-11", "dry_run": True}])
def test_a_run_starts_with_the_parameters_of_the_form(render: Render, conf: dict[str, object] | None) -> None:
    render("plan.await_delivery")._pre_execute_hook({"dag_run": SimpleNamespace(conf=conf)})


def test_a_key_that_is_no_parameter_ends_the_run_at_its_first_task(render: Render) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    conf = {"month": "2011-11", "dry-run": True, "Month": "2011-10"}
    with pytest.raises(AirflowFailException, match=r"unknown keys Month, dry-run: nothing was changed.* dry_run, "):
        render("plan.await_delivery")._pre_execute_hook({"dag_run": SimpleNamespace(conf=conf)})


def test_tables_that_are_not_delivered_are_skipped(render: Render) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    for table, is_skipped in {"products": False, "transactions": False, "customers": True, "sessions": True}.items():
        task = render(f"ingest.{table}")
        context = {"task": task, "ti": _Plan()}
        if is_skipped:
            with pytest.raises(AirflowSkipException, match=table):
                task._pre_execute_hook(context)
        else:
            task._pre_execute_hook(context)


def test_a_run_without_a_note_continues_and_logs_why(
    dag: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_note = dag.get_task("plan.note").python_callable
    write_note(ti=_Plan(), dag_run=None)
    assert capsys.readouterr().out.splitlines() == [
        "Month 2011-11",
        "No note was written: create the connection 'airflow_api' (host, login, password)",
    ]
    unreachable = {"conn_type": "http", "host": "http://127.0.0.1:9", "login": "admin", "password": "secret"}
    monkeypatch.setenv("AIRFLOW_CONN_AIRFLOW_API", json.dumps(unreachable))
    write_note(ti=_Plan(), dag_run=None)
    assert "connection 'airflow_api' does not work: <urlopen error" in capsys.readouterr().out


@pytest.mark.parametrize("is_dry", [True, False])
def test_a_dry_run_ends_with_its_plan(dag: Any, is_dry: bool) -> None:
    go_on = dag.get_task("plan.go_on")
    assert go_on.python_callable(ti=_Plan(PLAN | {"dry_run": is_dry})) is not is_dry
    # Whatever the trigger rules of the tasks after it: none of them runs.
    assert go_on.ignore_downstream_trigger_rules
    after = {task.task_id for task in go_on.get_flat_relatives(upstream=False)}
    assert after == set(dag.task_ids) - {"plan.await_delivery", "plan.plan", "plan.note", "plan.go_on"}


def test_waiting_for_data_takes_no_worker_slot_and_has_a_deadline(dag: Any) -> None:
    sensor = dag.get_task("plan.await_delivery")
    assert (sensor.mode, sensor.timeout) == ("reschedule", timedelta(days=5).total_seconds())
    assert 60 < sensor.poke_interval < sensor.timeout


def test_only_scheduled_runs_wait_for_data(render: Render, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLV_PYTHON", "/there/is/no/such/python")
    november = datetime(2011, 11, 1, tzinfo=UTC)
    for run_type in ("manual", "backfill"):
        assert render("plan.await_delivery", run_type, november).poke({"dag_run": _Run(run_type)})
    waiting = render("plan.await_delivery", "scheduled", november)
    assert waiting.arguments == [
        *["--run-type", "scheduled", "--logical-date", "2011-11-01T00:00:00+00:00", "--month", ""],
    ]
    with pytest.raises(FileNotFoundError):
        waiting.poke({"dag_run": _Run("scheduled")})


class _Run:
    def __init__(self, run_type: str) -> None:
        from airflow.sdk.api.datamodels._generated import DagRunType

        self.run_type = DagRunType(run_type)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shop whose folder for November exists but is not complete."""
    settings = {"CLV_SOURCE": "simulated_shop", "CLV_LANDING": tmp_path / "landing", "CLV_LAKE": tmp_path / "lake"}
    unused = dict.fromkeys(("CLV_REPORTS", "CLV_DATABASE_URL", "MLFLOW_TRACKING_URI"), "unused")
    for name, value in (settings | unused | {"CLV_PYTHON": sys.executable}).items():
        monkeypatch.setenv(name, str(value))
    for month in ("2011-10", "2011-11"):
        folder = tmp_path / "landing" / "transactions" / f"month={month}"
        folder.mkdir(parents=True)
        (folder / "part.csv").write_text("customer_id\n7\n", encoding="utf-8")
    (tmp_path / "landing" / "transactions" / "month=2011-10" / "_SUCCESS").touch()
    return tmp_path / "landing"


def test_a_scheduled_run_waits_until_its_month_is_complete(render: Render, shop: Path) -> None:
    sensor = render("plan.await_delivery", "scheduled", datetime(2011, 11, 1, tzinfo=UTC))
    context = {"dag_run": _Run("scheduled")}
    assert sensor.poke(context) is False
    assert sensor.status == "transactions are complete up to 2011-10; waiting for 2011-11"
    (shop / "transactions" / "month=2011-11" / "_SUCCESS").touch()
    assert sensor.poke(context) is True


def test_the_timeout_of_the_sensor_states_what_is_missing_and_what_to_do(render: Render, shop: Path) -> None:
    from airflow.sdk.exceptions import AirflowSensorTimeout

    sensor = render("plan.await_delivery", "scheduled", datetime(2011, 11, 1, tzinfo=UTC))
    sensor.mode, sensor.timeout = "poke", 0
    with pytest.raises(
        AirflowSensorTimeout, match=r"not delivered within .* up to 2011-10; waiting for 2011-11\. Clear this"
    ):
        sensor.execute({"dag_run": _Run("scheduled")})


def test_a_poke_that_fails_fails_the_sensor(render: Render, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.exceptions import AirflowException

    monkeypatch.setenv("CLV_SOURCE", "no_such_shop")
    sensor = render("plan.await_delivery", "scheduled", datetime(2011, 11, 1, tzinfo=UTC))
    with pytest.raises(AirflowException, match="code 65") as failure:
        sensor.poke({"dag_run": _Run("scheduled")})
    assert sensor.retry_policy.evaluate(failure.value, 1, 2).action.value == "fail"
