"""Withdraw a month: readers see no forecast of it, until it is published again. Records who did it and why.

    python -m jobs.withdraw --month 2011-11 --by "Ada Lovelace" --because="delivered twice" [--run-id 17]

With `--run-id`, the month is withdrawn only if readers see that run. `clv.forecast_current` falls back to the newest
month that is still published. No row is deleted, other months and the champion do not change. To publish the month
again, run it again, or put a run of it back with `jobs.rollback --run-id`.
The last line on stdout is a JSON object that says what changed for readers: `jobs/publishing/change.py`.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

from sqlalchemy import Engine
from sqlalchemy.exc import InternalError

from jobs.core.arguments import a_month, add_value_basis, parser
from jobs.core.messages import message_of
from jobs.core.month import Month
from jobs.core.postgres import engine, execute, fetch
from jobs.core.refusal import RefusedError
from jobs.core.settings import Settings
from jobs.core.task import log_to_stderr, run_as_program
from jobs.core.value_basis import NET_REVENUE, named
from jobs.publishing.change import change_as_json

log = logging.getLogger(__name__)


class WithdrawalError(RefusedError):
    """The month cannot be withdrawn as requested."""


def withdraw(
    database: Engine,
    month: Month,
    *,
    by: str,
    because: str,
    expected: int | None = None,
    value_basis: str = NET_REVENUE,
) -> int:
    """Show readers no forecast of a month; the run that they saw.

    Args:
        database: the forecast database.
        month: the data month.
        by: who withdraws it.
        because: why.
        expected: the run that readers should see; None for any.
        value_basis: the measure of value.

    Raises:
        WithdrawalError: name or reason is empty, or readers see none, or another run than the expected one.
    """
    if not by.strip() or not because.strip():
        raise WithdrawalError("--by and --because must not be empty: give your name and the reason for the withdrawal")
    published = next(iter(fetch(database, "published_run", as_of=month.as_of, value_basis=value_basis)), None)
    if published is None:
        raise WithdrawalError(f"{named(month, value_basis)} is not published: there is nothing to withdraw")
    run_id = int(published["run_id"])
    if expected not in (None, run_id):
        raise WithdrawalError(
            f"readers of {month.as_of} see run {run_id} now, not run {expected}: nothing was changed. Another "
            "publish or rollback came first: check what readers see, then decide again."
        )
    try:
        execute(database, "withdraw", as_of=month.as_of, run_id=run_id, by=by, because=because)
    except InternalError as error:
        raise WithdrawalError(message_of(error)) from error
    return run_id


def main(argv: Sequence[str] | None = None) -> None:
    """Withdraw a month; see `--help`."""
    options = parser(__doc__)
    options.add_argument("--month", type=a_month, required=True, help="the data month, YYYY-MM")
    options.add_argument("--run-id", type=int, help="the run that readers should see; default: any")
    options.add_argument("--by", required=True, help="who withdraws it")
    options.add_argument("--because", required=True, help="the reason, for the record")
    add_value_basis(options)
    arguments = options.parse_args(argv)
    log_to_stderr()
    database = engine(Settings().database_url)
    run_id = withdraw(
        database,
        arguments.month,
        by=arguments.by,
        because=arguments.because,
        expected=arguments.run_id,
        value_basis=arguments.value_basis,
    )
    withdrawn = named(arguments.month, arguments.value_basis)
    log.info("Readers see no forecast of %s now; before, they saw run %s", withdrawn, run_id)
    sys.stdout.write(change_as_json(database, arguments.month.as_of, run_id))


if __name__ == "__main__":
    run_as_program(main)
