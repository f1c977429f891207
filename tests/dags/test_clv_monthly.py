"""The monthly DAG: its tasks, their order and their policies."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.dags.conftest import DAGS, RESULTS

SPARK = {"ingest", "build_features", "score", "publish.build_bridge"}
PYTHON = {
    *("plan.plan", "plan.note", "plan.go_on", "retrain.train", "retrain.promote", "retrain.train_first_month"),
    *("publish.publish", "publish.set_champion", "publish.measure_accuracy", "publish.measure_drift", "publish.report"),
}


def edges(dag: Any) -> set[tuple[str, str]]:
    return {(task.task_id, after) for task in dag.tasks for after in task.downstream_task_ids}


HELPERS = {
    f"clv_{name}" for name in ("airflow_api", "alerts", "assets", "links", "note", "params", "retention", "tasks")
}


def test_every_dag_file_loads_and_holds_the_dag_it_is_named_for(dag_bag: Any) -> None:
    assert dag_bag.import_errors == {}
    assert set(dag_bag.dags) == {path.stem for path in DAGS.glob("*.py")} - HELPERS | {"clv_monthly_margin"}


def test_the_tasks_are_exactly_these(dag: Any) -> None:
    assert set(dag.task_ids) == SPARK | PYTHON


def test_the_stages_follow_each_other(dag: Any) -> None:
    assert edges(dag) == {
        ("plan.plan", "plan.note"),
        ("plan.plan", "plan.go_on"),
        ("plan.go_on", "ingest"),
        ("ingest", "build_features"),
        ("build_features", "retrain.train"),
        ("retrain.train", "retrain.promote"),
        ("retrain.promote", "score"),
        ("build_features", "retrain.train_first_month"),
        ("retrain.train_first_month", "score"),
        ("score", "publish.publish"),
        ("publish.publish", "publish.set_champion"),
        ("publish.set_champion", "publish.measure_accuracy"),
        ("publish.measure_accuracy", "publish.build_bridge"),
        ("publish.build_bridge", "publish.measure_drift"),
        ("publish.measure_drift", "publish.report"),
    }


def test_the_margin_has_the_same_stages_but_the_first_month_on_the_same_schedule(dag_bag: Any, dag: Any) -> None:
    margin = dag_bag.dags["clv_monthly_margin"]
    of_revenue_alone = "retrain.train_first_month"
    assert set(margin.task_ids) == set(dag.task_ids) - {of_revenue_alone}
    assert edges(margin) == {edge for edge in edges(dag) if of_revenue_alone not in edge}
    assert (margin.timetable.expression, margin.catchup, margin.max_active_runs) == ("0 0 1 * *", False, 1)
    assert margin.get_task("publish.publish").outlets == []


def test_the_stages_are_tasks_or_groups_in_order(dag: Any) -> None:
    assert list(dag.task_group.children) == ["plan", "ingest", "build_features", "retrain", "score", "publish"]


def test_the_schedule_is_monthly_with_whole_months_as_intervals_and_no_catchup(dag: Any) -> None:
    from airflow.sdk import CronDataIntervalTimetable

    assert isinstance(dag.timetable, CronDataIntervalTimetable)
    assert (dag.timetable.expression, str(dag.timetable.timezone)) == ("0 0 1 * *", "UTC")
    assert dag.catchup is False
    assert dag.max_active_runs == 1


def test_no_run_can_be_dated_before_the_start_date(dag: Any) -> None:
    assert dag.start_date <= datetime(1970, 1, 1, tzinfo=UTC)


def test_every_task_has_an_owner_retries_with_a_delay_and_a_time_limit(dag: Any) -> None:
    for task in dag.tasks:
        assert task.owner == "clv"
        assert task.retries == 2
        assert task.retry_delay == timedelta(minutes=1)
        assert timedelta(minutes=30) <= task.execution_timeout <= timedelta(hours=3)


@pytest.mark.parametrize(
    ("message", "action"),
    [
        ("Bash command failed. The command returned a non-zero exit code 65.", "fail"),
        ("jobs.await_delivery ended with exit code 65.", "fail"),
        ("Cannot execute: spark-submit jobs/ingest.py. Error code is: 65.", "fail"),
        ("Cannot execute: spark-submit jobs/ingest.py. Error code is: 65.\nLast spark-submit output:\nRefused", "fail"),
        ("Cannot execute: spark-submit. Error code is: 1. Kubernetes spark exit code is: 65", "default"),
        ("Cannot execute: spark-submit. Error code is: 1.\nLast spark-submit output:\nexit code 65.", "default"),
        ("Cannot execute: spark-submit. Error code is: 1.\nLast spark-submit output:\nError code is: 65.", "default"),
        ("Cannot execute: spark-submit --segment city=exit code 65. Error code is: 137.", "default"),
        ("Bash command failed. The command returned a non-zero exit code 1.", "default"),
        ("Cannot execute: spark-submit jobs/ingest.py. Error code is: 137.", "default"),
    ],
)
def test_only_refused_input_is_not_retried(dag: Any, message: str, action: str) -> None:
    for task in dag.tasks:
        assert task.retry_policy.evaluate(RuntimeError(message), 1, 2).action.value == action


def test_spark_tasks_and_only_they_take_turns_in_the_pool_on_the_spark_connection(dag: Any) -> None:
    assert {task.task_id for task in dag.tasks if task.pool == "clv_spark"} == SPARK
    assert {task.task_id for task in dag.tasks if type(task).__name__ == "SparkSubmitOperator"} == SPARK
    assert {dag.get_task(task_id)._conn_id for task_id in SPARK} == {"spark_default"}


def test_a_failure_stops_everything_but_what_reports_it(dag: Any) -> None:
    tolerant = {task.task_id for task in dag.tasks if task.trigger_rule == "none_failed"}
    assert tolerant == {"plan.note", "plan.go_on"}
    assert {task.trigger_rule for task in dag.tasks if task.task_id not in tolerant} == {"all_success"}


def test_the_documentation_explains_the_month_and_what_a_failed_task_means(dag: Any) -> None:
    assert dag.doc_md.startswith("Forecast every customer's value")
    for task_id in (PYTHON | SPARK) - {"plan.note", "publish.report"}:
        assert task_id.rpartition(".")[2] in dag.doc_md


def test_nothing_waits_for_the_note(dag: Any) -> None:
    assert dag.get_task("plan.note").downstream_task_ids == set()


def test_no_task_of_the_dag_waits_in_a_sensor(dag: Any) -> None:
    assert [task.task_id for task in dag.tasks if task._is_sensor] == []


def test_the_file_imports_nothing_but_airflow_and_the_standard_library() -> None:
    heavy = ("pyspark", "pandas", "numpy", "mlflow", "xgboost", "great_expectations", "sqlalchemy", "jobs")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); before = set(sys.modules); import airflow.sdk, "
        "airflow.providers.apache.spark.operators.spark_submit, airflow.providers.standard.operators.bash; "
        "theirs = set(sys.modules); import clv_monthly; "
        "print(*sorted({m.partition('.')[0] for m in set(sys.modules) - theirs}))"
    )
    completed = subprocess.run(
        [sys.executable, "-c", code, str(DAGS)], capture_output=True, text=True, check=True, cwd=Path(DAGS.anchor)
    )
    loaded = set(completed.stdout.split())
    assert "clv_monthly" in loaded
    assert loaded.isdisjoint(heavy)


@pytest.mark.parametrize(
    ("result", "address"),
    [
        ({"model_name": "clv", "model_version": 3}, "http://mlflow:5000/#/models/clv/versions/3"),
        (None, "http://mlflow:5000"),
    ],
)
def test_training_and_gate_link_to_their_version_in_mlflow(
    dag: Any, monkeypatch: pytest.MonkeyPatch, result: object, address: str
) -> None:
    monkeypatch.delenv("CLV_MLFLOW_URL", raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow:5000/")
    for task_id in ("retrain.train", "retrain.promote"):
        task = dag.get_task(task_id)
        [link] = task.operator_extra_links
        instance = SimpleNamespace(xcom_pull=lambda task_ids: {task_id: result}[task_ids])  # noqa: B023
        assert link.get_link(task, ti_key=instance) == address


def links_of(dag: Any, task_id: str) -> dict[str, str]:
    """Name → address, as Airflow asks for them when a task ends; a link without an address is not shown."""
    task = dag.get_task(task_id)
    instance = SimpleNamespace(xcom_pull=lambda task_ids: RESULTS.get(task_ids))
    links = {link.name: link.get_link(task, ti_key=instance) for link in task.operator_extra_links}
    return {name: address for name, address in links.items() if address}


def test_validations_link_to_the_data_docs_and_publications_to_the_dashboard(
    dag: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLV_PAGES_URL", "http://127.0.0.1:8080/clv/")
    monkeypatch.setenv("CLV_DASHBOARD_URL", "http://127.0.0.1:8088")
    docs = {"Data Docs": "http://127.0.0.1:8080/clv/reports/data_docs/index.html"}
    assert [links_of(dag, task_id) for task_id in ("ingest", "build_features", "score")] == [docs] * 3
    dashboard = {"Dashboard": "http://127.0.0.1:8080/clv/dashboard"}
    assert links_of(dag, "publish.publish") == links_of(dag, "publish.measure_drift") == dashboard
    page = {"Page of the month": "http://127.0.0.1:8080/clv/reports/months/2011-11/run-17.html"}
    assert links_of(dag, "publish.report") == page | dashboard
    assert links_of(dag, "plan.plan") == {}


def test_there_is_no_link_where_nothing_is_served(dag: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLV_PAGES_URL", raising=False)
    monkeypatch.delenv("CLV_DASHBOARD_URL", raising=False)
    assert links_of(dag, "ingest") == links_of(dag, "publish.report") == {}
    monkeypatch.setenv("CLV_PAGES_URL", "http://127.0.0.1:8080/clv")
    assert links_of(dag, "publish.publish") == {}
    assert list(links_of(dag, "publish.report")) == ["Page of the month"]
