"""The calendar on a real Airflow, with a shop that has not delivered the newest month yet."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from jobs.core.month import Month
from jobs.core.postgres import engine
from jobs.local_stack.stack import Stack
from jobs.local_stack.start import DAG
from tests.stacks import small_shop

pytestmark = pytest.mark.long

MISSING = Month.of(datetime.now(UTC).date()).plus(-1)  # noqa: TID251 - the calendar's month, which is not delivered
DELIVERED = MISSING.plus(-1)
DEADLINE_SECONDS = 2400
MARGIN = ("await_margin", "start_margin")
"""The tasks of the margin, whose DAG is paused."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with small_shop(tmp_path_factory.mktemp("state"), DELIVERED, SCHEDULE="on") as stack:
        stack.api().patch(f"/dags/{DAG}", {"is_paused": False})
        yield stack


def trigger(stack: Stack, dag_id: str, **conf: Any) -> dict[str, Any]:
    """Trigger a DAG; its run once that has ended."""
    run = stack.api().post(f"/dags/{dag_id}/dagRuns", {"logical_date": None, "conf": conf})
    return ended(stack, dag_id, run["dag_run_id"])


def ended(stack: Stack, dag_id: str, run_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        run: dict[str, Any] = stack.api().get(f"/dags/{dag_id}/dagRuns/{run_id}")
        if run["state"] in ("success", "failed"):
            return run
        assert time.monotonic() < deadline, tasks(stack, dag_id, run_id)
        time.sleep(1)


def scheduled(stack: Stack, dag_id: str) -> str:
    """The id of the run that the calendar starts."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        runs = stack.api().get(f"/dags/{dag_id}/dagRuns", run_type="scheduled")["dag_runs"]
        if runs:
            [run] = runs
            return str(run["dag_run_id"])
        assert time.monotonic() < deadline
        time.sleep(1)


def tasks(stack: Stack, dag_id: str, run_id: str) -> dict[str, str]:
    instances = stack.api().get(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances", limit=100)["task_instances"]
    return {task["task_id"]: task["state"] for task in instances}


def events(stack: Stack) -> list[tuple[str, str | None, Any, bool]]:
    """Asset, key, run and whether there is a hash, of every asset event; oldest first."""
    found = stack.api().get("/assets/events", order_by="timestamp")["asset_events"]
    assert {event["extra"]["month"] for event in found} <= {str(DELIVERED)}
    return sorted(
        (event["name"], event["partition_key"], event["extra"]["run_id"], event["extra"]["content_hash"] is not None)
        for event in found
    )


@pytest.fixture(scope="module")
def delivered(stack: Stack) -> dict[str, Any]:
    """The run of the delivered month, which `clv_deliveries` started."""
    waited = trigger(stack, "clv_deliveries", month=str(DELIVERED))
    assert waited["state"] == "success"
    states = tasks(stack, "clv_deliveries", waited["dag_run_id"])
    assert states == dict.fromkeys(("await_delivery", "start"), "success") | dict.fromkeys(MARGIN, "skipped")
    return ended(stack, DAG, f"delivered__{DELIVERED}")


def test_the_scheduled_run_of_a_month_without_data_ends_at_once_and_says_why(stack: Stack) -> None:
    run = ended(stack, DAG, scheduled(stack, DAG))
    assert run["state"] == "success"
    assert run["note"] == (
        f"Month {MISSING} is not delivered in full yet: transactions are complete up to {DELIVERED}; "
        f"waiting for {MISSING}. Nothing was changed. clv_deliveries starts it once it is delivered; "
        "if no run of clv_deliveries is waiting, trigger it with this month."
    )
    states = tasks(stack, DAG, run["dag_run_id"])
    assert {task for task, state in states.items() if state != "skipped"} == {"plan.note", "plan.go_on"}


def test_the_month_is_waited_for_beside_it(stack: Stack) -> None:
    run_id = scheduled(stack, "clv_deliveries")
    deadline = time.monotonic() + DEADLINE_SECONDS
    while tasks(stack, "clv_deliveries", run_id)["await_delivery"] != "up_for_reschedule":
        assert time.monotonic() < deadline
        time.sleep(1)


def test_a_delivered_month_is_started_published_and_announced(stack: Stack, delivered: dict[str, Any]) -> None:
    assert (delivered["state"], delivered["run_type"]) == ("success", "operator_triggered")
    assert delivered["note"].startswith(f"Month {DELIVERED}: forecast of the twelve months")
    with engine(stack.database_url).connect() as connection:
        runs = connection.execute(text("SELECT run_id, as_of, status, trigger FROM clv.runs")).all()
    [(run_id, as_of, status, started_by)] = runs
    assert (as_of, status, started_by) == (DELIVERED.as_of, "published", "operator_triggered")
    assert events(stack) == [("clv_forecast", None, run_id, True), ("clv_forecast_month", str(DELIVERED), run_id, True)]


@pytest.mark.usefixtures("delivered")
def test_a_month_is_not_started_twice(stack: Stack) -> None:
    again = trigger(stack, "clv_deliveries", month=str(DELIVERED))
    assert again["state"] == "success"
    assert tasks(stack, "clv_deliveries", again["dag_run_id"])["start"] == "skipped"
    assert len(stack.api().get(f"/dags/{DAG}/dagRuns")["dag_runs"]) == 2


@pytest.mark.usefixtures("delivered")
def test_a_withdrawal_is_announced(stack: Stack) -> None:
    before = events(stack)
    assert trigger(stack, "clv_withdraw", month=str(DELIVERED), because="delivered twice")["state"] == "success"
    [(_, _, run_id, _), _] = before
    new = [("clv_forecast", None, run_id, False), ("clv_forecast_month", str(DELIVERED), run_id, False)]
    assert events(stack) == sorted([*before, *new])


def test_the_reason_of_a_failure_is_the_last_error_of_the_log_and_in_the_note(stack: Stack) -> None:
    run = trigger(stack, DAG, month=str(MISSING))
    assert run["state"] == "failed"
    log = stack.api().get(f"/dags/{DAG}/dagRuns/{run['dag_run_id']}/taskInstances/plan.plan/logs/1", full_content=True)
    errors = [entry["event"] for entry in log["content"] if entry.get("level") in ("error", "critical")]
    assert errors[-1].startswith(f"month {MISSING} is not closed: that takes rows of 2 later days, or _SUCCESS in ")
    assert errors[-1].endswith("(exit code 65)")
    assert run["note"] == f"FAILED plan.plan: {errors[-1]}"


def test_a_malformed_month_is_refused_with_a_sentence(stack: Stack) -> None:
    from jobs.local_stack.airflow_api import AirflowAnswerError

    with pytest.raises(
        AirflowAnswerError, match=r"param month: 'a month as YYYY-MM, for example 2011-11' was expected"
    ):
        trigger(stack, DAG, month="2011-13")
