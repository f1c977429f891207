"""Runs of the monthly DAG: what they skip, and which failures they tolerate."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import pytest

from tests.dags.conftest import PLAN, Render


class _Plan:
    def __init__(self, plan: dict[str, Any] | None = PLAN) -> None:
        self.plan = plan

    def xcom_pull(self, task_id: str) -> dict[str, Any] | None:
        return self.plan


@pytest.mark.parametrize("conf", [None, {}, {"month": "2011-11", "dry_run": True}])
def test_a_run_starts_with_the_parameters_of_the_form(render: Render, conf: dict[str, object] | None) -> None:
    render("plan.plan")._pre_execute_hook({"dag_run": SimpleNamespace(conf=conf)})


def test_a_key_that_is_no_parameter_ends_the_run_at_its_first_task(render: Render) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    conf = {"month": "2011-11", "dry-run": True, "Month": "2011-10"}
    with pytest.raises(AirflowFailException, match=r"unknown keys Month, dry-run: nothing was changed.* dry_run, "):
        render("plan.plan")._pre_execute_hook({"dag_run": SimpleNamespace(conf=conf)})


@pytest.mark.parametrize("is_dry", [True, False])
def test_a_dry_run_ends_with_its_plan(dag: Any, is_dry: bool) -> None:
    go_on = dag.get_task("plan.go_on")
    assert go_on.python_callable(ti=_Plan(PLAN | {"ends": is_dry})) is not is_dry
    # Whatever the trigger rules of the tasks after it: none of them runs.
    assert go_on.ignore_downstream_trigger_rules
    after = {task.task_id for task in go_on.get_flat_relatives(upstream=False)}
    assert after == set(dag.task_ids) - {"plan.plan", "plan.note", "plan.go_on"}


def test_a_run_without_a_plan_ends_because_its_month_is_not_delivered(dag: Any) -> None:
    assert dag.get_task("plan.go_on").python_callable(ti=_Plan(None)) is False
    assert set(dag.get_task("plan.plan").skip_on_exit_code) == {os.EX_TEMPFAIL}
