"""The DAG that forecasts new customers each day: when it runs, what it runs, and what happens when it fails."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dags.conftest import renderer


@pytest.fixture(scope="module")
def first_month(dag_bag: Any) -> Any:
    return dag_bag.dags["clv_first_month"]


def test_it_runs_every_morning_once_at_a_time_and_does_not_catch_up(first_month: Any) -> None:
    assert (first_month.timetable.expression, str(first_month.timetable.timezone)) == ("0 5 * * *", "UTC")
    assert (first_month.catchup, first_month.max_active_runs) == (False, 1)


def test_its_only_task_submits_the_job_to_spark_in_the_pool_of_all_spark_jobs(first_month: Any) -> None:
    [task] = first_month.tasks
    submitted = renderer(first_month, {"plan.plan": None})("first_month")
    assert submitted.application.endswith("jobs/first_month.py")
    assert submitted.application_args == []
    assert task.pool == "clv_spark"


def test_a_failure_is_told_and_only_a_refusal_is_not_tried_again(first_month: Any) -> None:
    [task] = first_month.tasks
    assert task.retries == 2
    assert task.on_failure_callback
    assert task.on_retry_callback
    assert task.execution_timeout
    refused = RuntimeError("Cannot execute: spark-submit. Error code is: 65.")
    assert task.retry_policy.evaluate(refused, 1, 2).action.value == "fail"
    assert task.retry_policy.evaluate(RuntimeError("Error code is: 1."), 1, 2).action.value != "fail"
