"""Show readers an earlier forecast of a month again; who did it, and why, is kept.

    python -m jobs.rollback --month 2011-11 --by "Ada Lovelace" --because "a price list was wrong" [--run-id 17]

Without a run, the month goes back to the run before the one that readers see. Nothing else moves: no other month, no
champion. The month's next run publishes as always. `clv.publications` lists every such change.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from sqlalchemy import Engine, RowMapping
from sqlalchemy.exc import InternalError

from jobs.core.arguments import parser
from jobs.core.month import Month
from jobs.core.postgres import engine, execute, fetch
from jobs.core.settings import Settings
from jobs.core.task import log_to_stderr, run_as_program

log = logging.getLogger(__name__)


class RollbackError(ValueError):
    """The month cannot be rolled back so."""


def roll_back(database: Engine, month: Month, run_id: int | None, *, by: str, because: str) -> tuple[int, int]:
    """Point readers of a month at another run that has loaded it; the run they saw, and the one they see now.

    Raises:
        RollbackError: nobody or no reason is named, there is no such run, or readers see another run by now.
    """
    if not by.strip() or not because.strip():
        raise RollbackError("say who rolls back (--by) and why (--because)")
    runs = fetch(database, "loaded_runs", as_of=month.as_of)
    shown = next((int(run["run_id"]) for run in runs if run["is_published"]), None)
    if shown is None:
        raise RollbackError(f"month {month} is not published: there is nothing to roll back")
    target = run_id if run_id is not None else next((int(run["run_id"]) for run in runs if run["run_id"] < shown), None)
    others = [run for run in runs if not run["is_published"]]
    if target is None or target not in [run["run_id"] for run in others]:
        wanted = f"run {target} is not one of them" if target is not None else f"run {shown} is the first"
        raise RollbackError(f"month {month} shows run {shown}; {wanted}. {_possible(others)}")
    try:
        execute(
            database,
            "roll_back",
            as_of=month.as_of,
            from_run_id=shown,
            to_run_id=target,
            by=by,
            because=because,
        )
    except InternalError as error:
        raise RollbackError(str(error.orig).strip()) from error
    return shown, target


def _possible(runs: Sequence[RowMapping]) -> str:
    if not runs:
        return "No other run of the month has loaded a forecast"
    listed = "\n".join(
        f"  run {run['run_id']}: {run['forecast_rows']:,} customers, {run['clv_12m_total']:,.2f} over twelve months, "
        f"model version {run['model_version']}, loaded {run['loaded_at']:%Y-%m-%d %H:%M} UTC"
        for run in runs
    )
    return f"Runs that it can go to:\n{listed}"


def main(argv: Sequence[str] | None = None) -> None:
    """Roll a month back; see `--help`."""
    asked = parser(__doc__)
    asked.add_argument("--month", type=Month.parse, required=True, help="the data month, YYYY-MM")
    asked.add_argument("--run-id", type=int, help="the run to go to; without it the one before")
    asked.add_argument("--by", required=True, help="who rolls back")
    asked.add_argument("--because", required=True, help="why, for those who will ask")
    arguments = asked.parse_args(argv)
    log_to_stderr()
    database = engine(Settings().database_url)
    before, now = roll_back(database, arguments.month, arguments.run_id, by=arguments.by, because=arguments.because)
    log.info("Readers of %s see run %s now; it was run %s", arguments.month, now, before)


if __name__ == "__main__":
    run_as_program(main)
