"""Roll a month back to a run that was published before."""

from __future__ import annotations

import logging
from collections.abc import Collection

from sqlalchemy import Engine, RowMapping
from sqlalchemy.exc import InternalError

from jobs.core.messages import message_of
from jobs.core.month import Month
from jobs.core.postgres import execute, fetch
from jobs.core.refusal import RefusedError
from jobs.core.value_basis import NET_REVENUE, named

log = logging.getLogger(__name__)


class RollbackError(RefusedError):
    """The month cannot be rolled back as requested."""


def roll_back(
    database: Engine, month: Month, run_id: int | None, *, by: str, because: str, value_basis: str = NET_REVENUE
) -> tuple[int | None, int]:
    """Point readers of a month to another run with a loaded forecast; the run published before, and the one after.

    The run before is None if the month was withdrawn.

    Raises:
        RollbackError: name or reason is empty, the run has no loaded forecast, none is named though the month was
            rolled back already, or the published run changed meanwhile.
    """
    if not by.strip() or not because.strip():
        raise RollbackError("--by and --because must not be empty: give your name and the reason for the rollback")
    of_basis = named(month, value_basis)
    runs = fetch(database, "loaded_runs", as_of=month.as_of, value_basis=value_basis)
    if not runs:
        raise RollbackError(f"{of_basis} was never published: there is nothing to roll back")
    shown = next((run for run in runs if run["is_published"]), None)
    published = int(shown["run_id"]) if shown else None
    earlier = (int(run["run_id"]) for run in runs if run["run_id"] < (published or 0) and run["taken_back_by"] is None)
    target = run_id if run_id is not None else next(earlier, None)
    others = {int(run["run_id"]): run for run in runs if not run["is_published"]}
    if run_id is None and shown and shown["put_back_by"]:
        raise RollbackError(
            f"{of_basis} was rolled back to run {published} already; name the run with --run-id (RUN=…). "
            f"{_possible(others.values())}"
        )
    if target not in others:
        state, reason = "is withdrawn", "--run-id does not say which run to publish again"
        if published is not None:
            state, reason = f"is published by run {published}", "no earlier run has a forecast that was not taken back"
        if run_id is not None:
            reason = f"run {run_id} is not a run to go back to"
        raise RollbackError(f"{of_basis} {state}, and {reason}. {_possible(others.values())}")
    if taken_back_by := others[target]["taken_back_by"]:
        log.warning("Run %s of %s was taken back by %s", target, of_basis, taken_back_by)
    move = {"from_run_id": published, "to_run_id": target}
    try:
        execute(database, "roll_back", as_of=month.as_of, **move, by=by, because=because)
    except InternalError as error:
        raise RollbackError(message_of(error)) from error
    return published, target


def _possible(runs: Collection[RowMapping]) -> str:
    if not runs:
        return "No other run of the month has a loaded forecast."
    listed = "\n".join(
        f"  run {run['run_id']}: {run['forecast_rows']:,} customers, {run['clv_12m_total']:,.2f} over twelve months, "
        f"model version {run['model_version']}, loaded {run['loaded_at']:%Y-%m-%d %H:%M} UTC"
        f"{', taken back by ' + run['taken_back_by'] if run['taken_back_by'] else ''}"
        for run in runs
    )
    return f"Runs with a loaded forecast:\n{listed}"
