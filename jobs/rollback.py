"""Roll a month back to a forecast that was published before, and record who did it and why.

    python -m jobs.rollback --month 2011-11 --by "Ada Lovelace" --because "a price list was wrong" [--run-id 17]

Without `--run-id`, the month goes back to the newest run before the published one that nobody has taken back (rolled
back or withdrawn). A withdrawn month needs `--run-id`, and so does one that was rolled back already, so that the same
command again does not go back further. Other months and the champion do not change, and the month's next run publishes
as usual. `clv.publications` lists every publication and rollback.
The last line on stdout is a JSON object that says what changed for readers: `jobs/publishing/change.py`.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Collection, Sequence

from sqlalchemy import Engine, RowMapping
from sqlalchemy.exc import InternalError

from jobs.core.arguments import a_month, add_value_basis, parser
from jobs.core.messages import message_of
from jobs.core.month import Month
from jobs.core.postgres import engine, execute, fetch
from jobs.core.refusal import RefusedError
from jobs.core.settings import Settings
from jobs.core.task import log_to_stderr, run_as_program
from jobs.core.value_basis import NET_REVENUE
from jobs.publishing.change import change_as_json

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
    runs = fetch(database, "loaded_runs", as_of=month.as_of, value_basis=value_basis)
    if not runs:
        raise RollbackError(f"month {month} was never published: there is nothing to roll back")
    shown = next((run for run in runs if run["is_published"]), None)
    published = int(shown["run_id"]) if shown else None
    earlier = (int(run["run_id"]) for run in runs if run["run_id"] < (published or 0) and run["taken_back_by"] is None)
    target = run_id if run_id is not None else next(earlier, None)
    others = {int(run["run_id"]): run for run in runs if not run["is_published"]}
    if run_id is None and shown and shown["put_back_by"]:
        raise RollbackError(
            f"month {month} was rolled back to run {published} already; name the run with --run-id (RUN=…). "
            f"{_possible(others.values())}"
        )
    if target not in others:
        state, reason = "is withdrawn", "--run-id does not say which run to publish again"
        if published is not None:
            state, reason = f"is published by run {published}", "no earlier run has a forecast that was not taken back"
        if run_id is not None:
            reason = f"run {run_id} is not a run to go back to"
        raise RollbackError(f"month {month} {state}, and {reason}. {_possible(others.values())}")
    if taken_back_by := others[target]["taken_back_by"]:
        log.warning("Run %s of month %s was taken back by %s", target, month, taken_back_by)
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


def main(argv: Sequence[str] | None = None) -> None:
    """Roll a month back; see `--help`."""
    options = parser(__doc__)
    options.add_argument("--month", type=a_month, required=True, help="the data month, YYYY-MM")
    options.add_argument("--run-id", type=int, help="the run to go back to; default: see above")
    options.add_argument("--by", required=True, help="who rolls back")
    options.add_argument("--because", required=True, help="the reason, for the record")
    add_value_basis(options)
    arguments = options.parse_args(argv)
    log_to_stderr()
    database = engine(Settings().database_url)
    before, now = roll_back(
        database,
        arguments.month,
        arguments.run_id,
        by=arguments.by,
        because=arguments.because,
        value_basis=arguments.value_basis,
    )
    log.info(
        "Month %s: readers now see run %s instead of %s", arguments.month, now, f"run {before}" if before else "none"
    )
    sys.stdout.write(change_as_json(database, arguments.month.as_of, now))


if __name__ == "__main__":
    run_as_program(main)
