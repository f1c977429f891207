"""The DAG that removes what nothing needs: when it runs, what it runs, and what happens when it fails."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(scope="module")
def maintenance(dag_bag: Any) -> Any:
    return dag_bag.dags["clv_maintenance"]


def test_it_runs_on_the_fifteenth_once_at_a_time_and_does_not_catch_up(maintenance: Any) -> None:
    assert (maintenance.timetable.expression, str(maintenance.timetable.timezone)) == ("0 3 15 * *", "UTC")
    assert (maintenance.catchup, maintenance.max_active_runs) == (False, 1)


def test_its_only_task_names_the_day_of_the_run(maintenance: Any) -> None:
    [task] = maintenance.tasks
    assert task.bash_command.endswith("-m jobs.maintain --today {{ (dag_run.run_after.date().isoformat()) | quoted }}")


def test_a_failure_is_told_and_tried_again(maintenance: Any) -> None:
    [task] = maintenance.tasks
    assert task.retries == 2
    assert task.on_failure_callback
    assert task.on_retry_callback
