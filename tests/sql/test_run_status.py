"""How a run stands, as `clv.runs` tells it from what its tasks and people have recorded."""

from __future__ import annotations

import pytest

from jobs.core.month import Month
from jobs.core.postgres import execute
from jobs.lake.lake import Lake
from jobs.publishing.rollback import roll_back
from jobs.withdraw import withdraw
from tests.conftest import Database
from tests.forecasts import CUSTOMERS, DECEMBER, NOVEMBER, plan, publish, publish_new_run, row, seen, write

MONTH = Month(2011, 11)
WHY = {"by": "Ada", "because": "a price list was wrong"}


def statuses(database: Database) -> dict[int, str]:
    return {run["run_id"]: run["status"] for run in seen(database, "runs")}


def finish(database: Database, run_id: int, task: str) -> None:
    execute(database.writer, "record_task", run_id=run_id, task=task, seconds=1.0, peak_memory_mb=1, rows=None)


def fail(database: Database, task: str, attempt: int = 1, *, refused: bool = False) -> None:
    """An attempt of the December run fails."""
    failure = {"dag_run_id": f"manual__{DECEMBER}", "task": task, "attempt": attempt, "as_of": DECEMBER}
    execute(database.writer, "record_failure", **failure, reason="why", was_refused=refused)


def test_a_run_is_running_from_its_plan_until_it_publishes_or_fails(database: Database, lake: Lake) -> None:
    run_id = plan(database.writer, DECEMBER)
    assert statuses(database) == {run_id: "running"}
    finish(database, run_id, "plan.plan")
    assert statuses(database) == {run_id: "running"}
    write(lake, DECEMBER, [row(customer) for customer in CUSTOMERS])
    publish(database.writer, lake, as_of=DECEMBER, run_id=run_id)
    assert statuses(database) == {run_id: "published"}
    fail(database, "publish.report")
    assert statuses(database) == {run_id: "published"}


@pytest.mark.parametrize(("refused", "status"), [(False, "failed"), (True, "refused")])
def test_a_run_has_failed_until_the_task_that_failed_has_finished(
    database: Database, refused: bool, status: str
) -> None:
    run_id = plan(database.writer, DECEMBER)
    finish(database, run_id, "plan.plan")
    fail(database, "ingest", refused=refused)
    assert statuses(database) == {run_id: status}
    finish(database, run_id, "build_features")
    assert statuses(database) == {run_id: status}
    finish(database, run_id, "ingest")
    assert statuses(database) == {run_id: "running"}
    fail(database, "ingest", attempt=2, refused=refused)
    assert statuses(database) == {run_id: status}


def test_the_newest_failure_says_whether_the_run_was_refused(database: Database) -> None:
    run_id = plan(database.writer, DECEMBER)
    fail(database, "ingest", attempt=1)
    fail(database, "ingest", attempt=2, refused=True)
    assert statuses(database) == {run_id: "refused"}
    fail(database, "ingest", attempt=3)
    assert statuses(database) == {run_id: "failed"}


@pytest.mark.parametrize("refused", [False, True])
def test_a_run_that_a_newer_one_overtook_is_superseded_whether_or_not_it_failed(
    database: Database, refused: bool
) -> None:
    overtaken = plan(database.writer, DECEMBER)
    failed = plan(database.writer, DECEMBER)
    fail(database, "score", refused=refused)
    other_month = plan(database.writer, NOVEMBER)
    newest = plan(database.writer, DECEMBER)
    dry = plan(database.writer, DECEMBER, is_dry_run=True)
    plan(database.writer, DECEMBER, value_basis="margin")
    assert statuses(database) == {
        overtaken: "superseded",
        failed: "superseded",
        other_month: "running",
        newest: "running",
        dry: "dry run",
    }


def test_the_newest_move_decides_between_withdrawn_and_replaced(database: Database, lake: Lake) -> None:
    first = publish_new_run(database, lake, DECEMBER)
    withdraw(database.writer, MONTH, **WHY)
    assert statuses(database) == {first: "withdrawn"}
    second = publish_new_run(database, lake, DECEMBER)
    assert statuses(database) == {first: "withdrawn", second: "published"}
    roll_back(database.writer, MONTH, first, **WHY)
    assert statuses(database) == {first: "published", second: "replaced"}
    third = publish_new_run(database, lake, DECEMBER)
    assert statuses(database) == {first: "replaced", second: "replaced", third: "published"}
    withdraw(database.writer, MONTH, **WHY)
    assert statuses(database) == {first: "replaced", second: "replaced", third: "withdrawn"}
