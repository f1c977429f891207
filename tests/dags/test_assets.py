"""The asset events of a change of what readers see: what a worker reports to the API server when a task succeeds."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

CHANGE = {"month": "2011-11", "run_id": 17, "content_hash": "abc", "changed": True}
TASKS = [("clv_monthly", "publish.publish"), ("clv_rollback", "rollback"), ("clv_withdraw", "withdraw")]


def reported(dag_bag: Any, dag_id: str, task_id: str, change: dict[str, Any], **params: str) -> Any:
    """What Airflow's task runner sends after a task has succeeded with a result."""
    from airflow.sdk.execution_time.context import OutletEventAccessors
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance, _handle_current_task_success

    task = dag_bag.dags[dag_id].get_task(task_id).prepare_for_execution()
    known = {"task_id": task_id, "dag_id": dag_id, "run_id": "manual__1", "try_number": 1}
    ti = RuntimeTaskInstance.model_construct(id=uuid4(), map_index=-1, task=task, **known)
    context: Any = {"outlet_events": OutletEventAccessors(), "task": task, "params": params}
    task._post_execute_hook(context, task.output_processor(json.dumps(change)))
    message, _ = _handle_current_task_success(context, ti)
    return message


@pytest.mark.parametrize(("dag_id", "task_id"), TASKS)
def test_a_change_is_announced_on_both_assets_with_month_run_and_hash_and_the_month_as_key(
    dag_bag: Any, dag_id: str, task_id: str
) -> None:
    message = reported(dag_bag, dag_id, task_id, CHANGE)
    assert {asset.name for asset in message.task_outlets} == {"clv_forecast", "clv_forecast_month"}
    extra = {"month": "2011-11", "run_id": 17, "content_hash": "abc"}
    assert [(event["dest_asset_key"]["name"], event["extra"]) for event in message.outlet_events] == [
        ("clv_forecast", extra),
        ("clv_forecast_month", extra),
    ]
    assert [event.get("partition_key") for event in message.outlet_events] == [None, "2011-11"]


@pytest.mark.parametrize(("dag_id", "task_id"), TASKS)
def test_nothing_is_announced_where_readers_see_the_same(dag_bag: Any, dag_id: str, task_id: str) -> None:
    message = reported(dag_bag, dag_id, task_id, CHANGE | {"changed": False})
    assert (list(message.task_outlets), list(message.outlet_events)) == ([], [])


@pytest.mark.parametrize(("dag_id", "task_id"), TASKS[1:])
def test_a_change_of_the_margin_is_none_of_the_forecast_of_net_revenue(dag_bag: Any, dag_id: str, task_id: str) -> None:
    message = reported(dag_bag, dag_id, task_id, CHANGE, value_basis="margin")
    assert (list(message.task_outlets), list(message.outlet_events)) == ([], [])


def test_a_withdrawal_has_no_hash(dag_bag: Any) -> None:
    message = reported(dag_bag, "clv_withdraw", "withdraw", CHANGE | {"content_hash": None})
    assert [event["extra"]["content_hash"] for event in message.outlet_events] == [None, None]


def test_no_other_task_announces_anything(dag_bag: Any) -> None:
    tasks = {(dag_id, task.task_id) for dag_id, dag in dag_bag.dags.items() for task in dag.tasks if task.outlets}
    assert tasks == set(TASKS)
