"""The monthly DAG: what is in it, in which order, under which policies, and which command lines it runs."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.dags.conftest import DAGS, PLAN, SPECIAL_PLAN, Render

INGEST = {f"ingest.{table}" for table in ("products", "customers", "sessions", "transactions")}
SPARK = INGEST | {
    "validate.inputs",
    "features.build_features",
    "features.validate_features",
    "score.score",
    "score.validate_forecasts",
    "special.score_special",
    "special.validate_special",
}
PYTHON = {
    *("plan.await_delivery", "plan.plan", "plan.note", "plan.go_on", "retrain.train", "retrain.promote"),
    *("publish.publish", "publish.report", "special.publish_special"),
}
RUN = "--as-of 2011-12-01 --run-id 17 --value-basis net_revenue"


def edges(dag: Any) -> set[tuple[str, str]]:
    return {(task.task_id, after) for task in dag.tasks for after in task.downstream_task_ids}


def test_every_dag_file_loads_and_holds_the_dag_it_is_named_for(dag_bag: Any) -> None:
    assert dag_bag.import_errors == {}
    assert set(dag_bag.dags) == {path.stem for path in DAGS.glob("*.py")} - {"clv_alerts", "clv_tasks"}


def test_the_tasks_are_exactly_these(dag: Any) -> None:
    assert set(dag.task_ids) == SPARK | PYTHON


def test_the_stages_follow_each_other(dag: Any) -> None:
    assert edges(dag) == {
        ("plan.await_delivery", "plan.plan"),
        ("plan.plan", "plan.note"),
        ("plan.plan", "plan.go_on"),
        ("plan.go_on", "ingest.products"),
        ("plan.go_on", "ingest.customers"),
        ("plan.go_on", "ingest.sessions"),
        ("ingest.products", "ingest.transactions"),
        ("ingest.customers", "validate.inputs"),
        ("ingest.sessions", "validate.inputs"),
        ("ingest.transactions", "validate.inputs"),
        ("validate.inputs", "features.build_features"),
        ("features.build_features", "features.validate_features"),
        ("features.validate_features", "retrain.train"),
        ("retrain.train", "retrain.promote"),
        ("retrain.promote", "score.score"),
        ("score.score", "score.validate_forecasts"),
        ("score.validate_forecasts", "publish.publish"),
        ("publish.publish", "publish.report"),
        ("retrain.promote", "special.score_special"),
        ("special.score_special", "special.validate_special"),
        ("special.validate_special", "special.publish_special"),
    }


def test_the_stages_are_task_groups_in_order(dag: Any) -> None:
    groups = [group for group in dag.task_group.children if group not in dag.task_ids]
    assert groups == ["plan", "ingest", "validate", "features", "retrain", "score", "publish", "special"]


def test_the_calendar_is_monthly_with_whole_months_as_intervals_and_no_catching_up(dag: Any) -> None:
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
        ("Cannot execute: spark-submit jobs/ingest.py. Error code is: 65. Last lines of its log", "fail"),
        ("Bash command failed. The command returned a non-zero exit code 1.", "default"),
        ("Cannot execute: spark-submit jobs/ingest.py. Error code is: 137.", "default"),
    ],
)
def test_refused_input_is_not_tried_again_and_everything_else_is(dag: Any, message: str, action: str) -> None:
    for task in dag.tasks:
        assert task.retry_policy.evaluate(RuntimeError(message), 1, 2).action.value == action


def test_spark_tasks_and_only_they_take_turns_in_the_pool_on_the_spark_connection(dag: Any) -> None:
    assert {task.task_id for task in dag.tasks if task.pool == "clv_spark"} == SPARK
    assert {task.task_id for task in dag.tasks if type(task).__name__ == "SparkSubmitOperator"} == SPARK
    assert {dag.get_task(task_id)._conn_id for task_id in SPARK} == {"spark_default"}


def test_a_table_that_is_not_delivered_stops_nothing_and_a_failure_stops_everything(dag: Any) -> None:
    tolerant = {task.task_id for task in dag.tasks if task.trigger_rule == "none_failed"}
    assert tolerant == INGEST | {"validate.inputs"}
    assert {task.trigger_rule for task in dag.tasks if task.task_id not in tolerant} == {"all_success"}


def test_the_documentation_explains_the_month_and_what_a_failed_task_means(dag: Any) -> None:
    assert dag.doc_md.startswith("Forecast every customer's value")
    for task_id in PYTHON | SPARK - {"plan.note", "publish.report"}:
        assert task_id.rpartition(".")[0] in dag.doc_md


def test_publishing_announces_the_forecast(dag: Any) -> None:
    assert [asset.name for asset in dag.get_task("publish.publish").outlets] == ["clv_forecast"]


@pytest.mark.parametrize(
    ("run_type", "logical_date", "conf", "expected"),
    [
        ("scheduled", datetime(2011, 11, 1, tzinfo=UTC), {}, ("2011-11-01T00:00:00+00:00", "")),
        ("backfill", datetime(2011, 11, 1, tzinfo=UTC), {}, ("2011-11-01T00:00:00+00:00", "")),
        ("manual", None, {}, ("", "")),
        ("manual", None, {"month": "2011-11"}, ("", "2011-11")),
        ("manual", datetime(2011, 12, 5, 13, tzinfo=UTC), {}, ("2011-12-05T13:00:00+00:00", "")),
        ("backfill", datetime(2011, 11, 1, tzinfo=UTC), {"month": "2011-09"}, ("2011-11-01T00:00:00+00:00", "2011-09")),
    ],
)
def test_plan_is_told_what_kind_of_run_it_is_for_and_for_when(
    render: Render, run_type: str, logical_date: datetime | None, conf: dict[str, str], expected: tuple[str, str]
) -> None:
    command = shlex.split(render("plan.plan", run_type, logical_date, **conf).bash_command)
    assert command == [
        *["exec", "${CLV_PYTHON:-python}", "-m", "jobs.plan"],
        *["--run-type", run_type, "--logical-date", expected[0], "--month", expected[1]],
        *["--dag-run-id", f"{run_type}__2011-12-05T00:00:00+00:00"],
        *["--horizon", "12", "--segment", "all", "--value-basis", "net_revenue"],
        *["--model", "as_of", "--restate", "refuse"],
    ]


def test_plan_is_told_the_choices_of_the_run(render: Render) -> None:
    command = shlex.split(render("plan.plan", model="champion", restate="accept", dry_run=True).bash_command)
    assert command[-5:] == ["--model", "champion", "--restate", "accept", "--dry-run"]


def test_plan_is_told_what_is_asked_for_and_no_shell_reads_it(render: Render) -> None:
    asked = {"horizon_months": 3, "segment": "city='; reboot $(x)", "value_basis": "margin_by_department"}
    command = shlex.split(render("plan.plan", **asked).bash_command)
    assert command[-10:-4] == [
        *["--horizon", "3", "--segment", "city='; reboot $(x)"],
        *["--value-basis", "margin_by_department"],
    ]


@pytest.mark.parametrize(
    "asked",
    [
        {"horizon_months": 2},
        {"horizon_months": "3"},
        {"horizon_months": None},
        {"segment": "Paris"},
        {"segment": ""},
        {"segment": "city="},
        {"segment": None},
        {"value_basis": "profit"},
        {"model": "newest"},
        {"restate": "yes"},
        {"dry_run": "yes"},
    ],
)
def test_parameters_that_mean_nothing_are_refused_before_anything_runs(render: Render, asked: dict[str, Any]) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError, match=next(iter(asked))):
        render("plan.plan", **asked)


def test_the_form_offers_what_the_jobs_know_and_a_standard_run_where_nothing_is_chosen(dag: Any) -> None:
    from jobs.run_parameters import HORIZONS, MODEL_CHOICES, RESTATE_CHOICES, RunChoices, RunParameters
    from jobs.value_basis import VALUE_BASES

    standard, choices = RunParameters(), RunChoices()
    form = {name: dag.params.get_param(name) for name in dag.params if name != "month"}
    assert form["horizon_months"].schema["enum"] == list(HORIZONS)
    assert form["value_basis"].schema["enum"] == list(VALUE_BASES)
    assert form["model"].schema["enum"] == list(MODEL_CHOICES)
    assert form["restate"].schema["enum"] == list(RESTATE_CHOICES)
    assert {name: param.value for name, param in form.items()} == {
        "horizon_months": standard.horizon_months,
        "segment": standard.segment_text,
        "value_basis": standard.value_basis,
        "model": choices.model,
        "restate": choices.restate,
        "dry_run": choices.is_dry_run,
    }
    assert all(param.schema["title"] and param.description for param in form.values())


@pytest.mark.parametrize("month", ["2011-13", "2011-1", "november", "2011-11; reboot", 201111])
def test_a_month_that_is_none_is_refused_before_anything_runs(render: Render, month: object) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError, match="month"):
        render("plan.plan", month=month)


@pytest.mark.parametrize(
    ("task_id", "command"),
    [
        ("retrain.train", "jobs.train --as-of 2011-12-01 --run-id 17 --value-basis net_revenue --model as_of "),
        (
            "retrain.promote",
            "jobs.promote --model-version 4 --as-of 2011-12-01 --run-id 17 --value-basis net_revenue --model as_of ",
        ),
        ("special.publish_special", "jobs.publish_special --as-of 2011-12-01 --run-id 17 --value-basis net_revenue"),
        ("publish.publish", "jobs.publish --as-of 2011-12-01 --run-id 17"),
        ("publish.report", "jobs.report --run-id 17"),
    ],
)
def test_python_jobs_are_called_with_the_plan_and_the_model_version(render: Render, task_id: str, command: str) -> None:
    task = render(task_id)
    assert task.bash_command == f'exec "${{CLV_PYTHON:-python}}" -m {command}'
    assert (task.cwd, task.append_env) == (str(DAGS.parent), True)


@pytest.mark.parametrize(
    ("task_id", "job", "arguments"),
    [
        *[
            (f"ingest.{table}", "ingest", f"--table {table} --months 2011-10,2011-11 {RUN}")
            for table in ("products", "customers", "sessions", "transactions")
        ],
        ("validate.inputs", "validate", f"--stage inputs {RUN}"),
        ("features.build_features", "build_features", RUN),
        ("features.validate_features", "validate", f"--stage features {RUN}"),
        ("score.score", "score", "--as-of 2011-12-01 --run-id 17 --model-version 3"),
        ("score.validate_forecasts", "validate", "--stage forecasts --as-of 2011-12-01 --run-id 17"),
        ("special.score_special", "score_special", f"{RUN} --model-version 3 --horizon 12 --segment all"),
        ("special.validate_special", "validate", f"--stage special_forecasts {RUN}"),
    ],
)
def test_spark_jobs_are_submitted_with_the_plan_and_the_model_version(
    render: Render, task_id: str, job: str, arguments: str
) -> None:
    task = render(task_id)
    assert task.application == str(DAGS.parent / "jobs" / f"{job}.py")
    assert task.application_args == arguments.split(" ")
    assert task.env_vars == {"PYTHONPATH": str(DAGS.parent), "PYTHONSAFEPATH": "1"}


def test_a_special_run_tells_every_job_what_the_plan_resolved(render: Render, results: dict[str, Any]) -> None:
    results["plan.plan"] = SPECIAL_PLAN
    asked = ["--horizon", "3", "--segment", SPECIAL_PLAN["segment"]]
    basis = ["--value-basis", "margin_per_line"]
    for task_id in INGEST | {"validate.inputs", "features.build_features", "features.validate_features"}:
        assert render(task_id).application_args[-2:] == basis
    for task_id in ("retrain.train", "retrain.promote"):
        assert render(task_id).bash_command.endswith(" --value-basis margin_per_line --model as_of --special")
    assert render("special.score_special").application_args[-4:] == asked
    assert render("special.validate_special").application_args[-2:] == basis


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


def test_the_jobs_that_are_called_exist() -> None:
    jobs = DAGS.parent / "jobs"
    named = (
        *(
            "await_delivery",
            "plan",
            "ingest",
            "validate",
            "build_features",
            "train",
            "promote",
            "score",
            "publish",
            "report",
        ),
        *("score_special", "publish_special"),
    )
    assert [name for name in named if not (jobs / f"{name}.py").is_file()] == []


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


class _Plan:
    def __init__(self, plan: dict[str, Any] = PLAN) -> None:
        self.plan = plan

    def xcom_pull(self, task_id: str) -> dict[str, object]:
        return self.plan


def test_a_run_goes_on_without_a_note_and_says_why(
    dag: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_note = dag.get_task("plan.note").python_callable
    write_note(ti=_Plan(), dag_run=None)
    assert capsys.readouterr().out.splitlines() == [
        "Month 2011-11",
        "The run gets no note: there is no connection 'airflow_api' (host, login, password)",
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
        *["--run-type", "scheduled", "--month", ""],
        *["--logical-date", "2011-11-01T00:00:00+00:00"],
    ]
    with pytest.raises(FileNotFoundError):
        waiting.poke({"dag_run": _Run("scheduled")})


class _Run:
    def __init__(self, run_type: str) -> None:
        from airflow.sdk.api.datamodels._generated import DagRunType

        self.run_type = DagRunType(run_type)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shop whose folder of November is there, but not complete."""
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
    assert sensor.told == "transactions are delivered in full up to 2011-10, not yet 2011-11"
    (shop / "transactions" / "month=2011-11" / "_SUCCESS").touch()
    assert sensor.poke(context) is True


def test_data_that_comes_too_late_is_told_with_what_is_lacking_and_the_remedy(render: Render, shop: Path) -> None:
    from airflow.sdk.exceptions import AirflowSensorTimeout

    sensor = render("plan.await_delivery", "scheduled", datetime(2011, 11, 1, tzinfo=UTC))
    sensor.mode, sensor.timeout = "poke", 0
    with pytest.raises(AirflowSensorTimeout, match=r"too late: .* up to 2011-10, not yet 2011-11\. Clear this"):
        sensor.execute({"dag_run": _Run("scheduled")})


def test_a_look_that_fails_is_no_waiting(render: Render, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.exceptions import AirflowException

    monkeypatch.setenv("CLV_SOURCE", "no_such_shop")
    sensor = render("plan.await_delivery", "scheduled", datetime(2011, 11, 1, tzinfo=UTC))
    with pytest.raises(AirflowException, match="code 65") as failure:
        sensor.poke({"dag_run": _Run("scheduled")})
    assert sensor.retry_policy.evaluate(failure.value, 1, 2).action.value == "fail"


def test_the_file_imports_nothing_but_airflow_and_the_standard_library() -> None:
    heavy = ("pyspark", "pandas", "numpy", "mlflow", "xgboost", "great_expectations", "sqlalchemy", "jobs")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); before = set(sys.modules); import airflow.sdk, "
        "airflow.providers.apache.spark.operators.spark_submit, airflow.providers.standard.operators.bash; "
        "theirs = set(sys.modules); import clv_monthly; "
        "print(*sorted({m.partition('.')[0] for m in set(sys.modules) - theirs}))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(DAGS)], capture_output=True, text=True, check=True, cwd=Path(DAGS.anchor)
    )
    loaded = set(told.stdout.split())
    assert "clv_monthly" in loaded
    assert loaded.isdisjoint(heavy)
