"""Stop a run that has been superseded: a task whose Airflow worker was killed may go on, and must not write."""

from __future__ import annotations

from sqlalchemy import Engine

from jobs.core.month import Month
from jobs.core.postgres import fetch
from jobs.core.refusal import RefusedError


class SupersededError(RefusedError):
    """A run may not write: a newer run of its month is planned, or the lake does not know its plan."""


def refuse_superseded(engine: Engine, run_id: int) -> None:
    """Raise SupersededError if a newer plan has taken the run's place, RefusedError if the run was never planned."""
    planned = fetch(engine, "newest_plan", run_id=run_id)
    if not planned:
        raise RefusedError(f"run {run_id} is not in this database: nothing was written; use the plan task's run id")
    [plan] = planned
    if plan["newest_run_id"] != run_id:
        raise superseded(run_id, Month.before(plan["as_of"]), plan["newest_run_id"])


def superseded(run_id: int, month: Month, newest_run_id: int) -> SupersededError:
    """The error of a run whose place a newer plan has taken."""
    return SupersededError(
        f"run {run_id} of {month} is superseded by run {newest_run_id}: nothing was written; let the newer run finish, "
        "or clear this one from its plan task on"
    )
