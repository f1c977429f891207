"""The command lines of the monthly DAG: the arguments of each job, and parameters refused before any job runs."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.dags.conftest import DAGS, PLAN, Render, renderer

RUN = ["--as-of", "2011-12-01", "--run-id", "17", "--value-basis", "net_revenue"]


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
def test_plan_receives_the_run_type_and_the_logical_date(
    render: Render, run_type: str, logical_date: datetime | None, conf: dict[str, str], expected: tuple[str, str]
) -> None:
    command = shlex.split(render("plan.plan", run_type, logical_date, **conf).bash_command)
    assert command == [
        *["exec", "${CLV_PYTHON:-python}", "-m", "jobs.plan"],
        *["--run-type", run_type, "--logical-date", expected[0], "--month", expected[1]],
        *["--dag-run-id", f"{run_type}__2011-12-05T00:00:00+00:00"],
        *["--value-basis", "net_revenue", "--model", "as_of", "--restate", "refuse"],
    ]


def test_plan_receives_the_choices_of_the_run(render: Render) -> None:
    command = shlex.split(render("plan.plan", model="champion", restate="accept", dry_run=True).bash_command)
    assert command[-5:] == ["--model", "champion", "--restate", "accept", "--dry-run"]


@pytest.mark.parametrize(
    "parameters",
    [
        {"model": "newest"},
        {"restate": "yes"},
        {"dry_run": "yes"},
        {"force": "yes"},
    ],
)
def test_invalid_parameters_are_refused_before_any_task_runs(render: Render, parameters: dict[str, Any]) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError, match=next(iter(parameters))):
        render("plan.plan", **parameters)


def test_the_form_offers_the_choices_of_the_jobs_and_their_defaults(dag: Any) -> None:
    from jobs.planning.options import MODEL_CHOICES, RESTATE_CHOICES, RunChoices

    choices = RunChoices()
    form = {name: dag.params.get_param(name) for name in dag.params if name != "month"}
    assert form["model"].schema["enum"] == list(MODEL_CHOICES)
    assert form["restate"].schema["enum"] == list(RESTATE_CHOICES)
    assert {name: param.value for name, param in form.items()} == {
        "model": choices.model,
        "restate": choices.restate,
        "dry_run": choices.is_dry_run,
        "force": choices.is_forced,
    }
    assert all(param.schema["title"] and param.description for param in form.values())


@pytest.mark.parametrize(
    ("task_id", "command"),
    [
        (
            "retrain.train",
            "jobs.train --force false --as-of 2011-12-01 --run-id 17 --value-basis net_revenue --model as_of",
        ),
        (
            "retrain.promote",
            "jobs.promote --model-version 4 --as-of 2011-12-01 --run-id 17 --value-basis net_revenue --model as_of",
        ),
        ("publish.publish", "jobs.publish --as-of 2011-12-01 --run-id 17 --value-basis net_revenue"),
        ("publish.set_champion", "jobs.set_champion --as-of 2011-12-01 --run-id 17 --value-basis net_revenue"),
        ("publish.measure_accuracy", "jobs.measure_accuracy --as-of 2011-12-01 --run-id 17 --value-basis net_revenue"),
        ("publish.measure_drift", "jobs.measure_drift --as-of 2011-12-01 --run-id 17 --value-basis net_revenue"),
        ("publish.report", "jobs.report --run-id 17 --value-basis net_revenue"),
    ],
)
def test_python_jobs_are_called_with_the_plan_and_the_model_version(render: Render, task_id: str, command: str) -> None:
    task = render(task_id)
    assert task.bash_command == f'exec "${{CLV_PYTHON:-python}}" -m {command}'
    assert (task.cwd, task.append_env) == (str(DAGS.parent), True)


@pytest.mark.parametrize(
    ("task_id", "job", "arguments"),
    [
        ("ingest", "ingest", ["--months", json.dumps(PLAN["months"], sort_keys=True), "--force", "false", *RUN]),
        ("build_features", "build_features", ["--force", "false", *RUN]),
        ("score", "score", ["--force", "false", *RUN, "--model-version", "3", "--first-month-version", ""]),
        ("publish.build_bridge", "build_bridge", RUN),
    ],
)
def test_spark_jobs_are_submitted_with_the_plan_and_the_model_versions(
    render: Render, task_id: str, job: str, arguments: list[str]
) -> None:
    task = render(task_id)
    assert task.application == str(DAGS.parent / "jobs" / f"{job}.py")
    assert task.application_args == arguments
    assert task.env_vars == {"PYTHONPATH": str(DAGS.parent), "PYTHONSAFEPATH": "1"}


def test_a_large_month_is_compiled_thoroughly(render: Render, results: dict[str, Any]) -> None:
    key = "spark.driver.extraJavaOptions"
    assert render("score").conf[key] == "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
    results["plan.plan"] = PLAN | {"is_small": False}
    assert render("score").conf[key] == "-XX:+UseParallelGC"


def test_a_forced_run_passes_that_on_to_every_job_that_leaves_out_what_is_current(
    render: Render, results: dict[str, Any]
) -> None:
    assert shlex.split(render("plan.plan", force=True, dry_run=True).bash_command)[-2:] == ["--force", "--dry-run"]
    results["plan.plan"] = PLAN | {"force": True}
    for task_id in ("ingest", "build_features", "score"):
        arguments = render(task_id).application_args
        assert arguments[arguments.index("--force") + 1] == "true"
    assert "jobs.train --force true --as-of" in render("retrain.train").bash_command
    assert " --force true --as-of" in render("retrain.train_first_month").bash_command


def test_the_first_month_is_forecast_by_the_version_that_was_trained(render: Render, results: dict[str, Any]) -> None:
    results["retrain.train_first_month"] = {"model_version": 2}
    assert render("score").application_args[-2:] == ["--first-month-version", "2"]


def test_every_job_of_the_margin_is_called_with_its_value_basis(dag_bag: Any, results: dict[str, Any]) -> None:
    margin = dag_bag.dags["clv_monthly_margin"]
    render = renderer(margin, results)
    for task_id in set(margin.task_ids) - {"plan.note", "plan.go_on"}:
        task = render(task_id)
        command = getattr(task, "application_args", None) or shlex.split(task.bash_command)
        assert command[command.index("--value-basis") + 1] == "margin"


def test_the_jobs_that_are_called_exist() -> None:
    jobs = DAGS.parent / "jobs"
    named = (
        *(
            "plan",
            "ingest",
            "build_features",
            "train",
            "promote",
            "score",
            "publish",
            "set_champion",
            "measure_accuracy",
            "build_bridge",
            "measure_drift",
            "report",
        ),
        *("await_delivery", "planned_run", "late", "reason", "alert"),
    )
    assert [name for name in named if not (jobs / f"{name}.py").is_file()] == []
