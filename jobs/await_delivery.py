"""Check whether the data month of a run is delivered in full: exit code 0 if it is, 75 (EX_TEMPFAIL) if not yet.

    python -m jobs.await_delivery --run-type scheduled --logical-date 2011-11-01T00:00:00+00:00 --month ""

The last line on stdout says what is missing. A delivery that cannot be read may still be in transfer, so it counts as
not yet delivered.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from jobs.core.arguments import add_airflow_run, parser
from jobs.core.month import Month, MonthRefusedError, named_month
from jobs.core.settings import Settings
from jobs.core.task import log_to_stderr, run_as_program
from jobs.landing.deliveries import deliveries
from jobs.landing.file_checks import LandingError
from jobs.landing.layouts import Delivery
from jobs.sources import load


def why_incomplete(delivered: Mapping[str, Delivery], month: Month) -> str | None:
    """Why a month is not delivered in full; None if it is."""
    last_closed = delivered["transactions"].last_closed
    if last_closed is None or last_closed < month:
        return f"transactions are complete up to {last_closed}; waiting for {month}"
    incomplete = [table for table, delivery in delivered.items() if delivery.has_times and delivery.missing([month])]
    return f"{' and '.join(incomplete)} of {month}: not complete yet" if incomplete else None


def main(argv: Sequence[str] | None = None) -> None:
    """Check once.

    Raises:
        SystemExit: with code 75, if the month is not delivered in full.
        MonthRefusedError: the run has neither a month parameter nor a logical date.
    """
    options = parser(__doc__)
    add_airflow_run(options)
    arguments = options.parse_args(argv)
    log_to_stderr()
    settings = Settings()
    month = named_month(
        requested=arguments.month or None, run_type=arguments.run_type, logical_date=arguments.logical_date
    )
    if month is None:
        raise MonthRefusedError("the run has neither a `month` parameter nor a logical date: no month to wait for")
    try:
        reason = why_incomplete(deliveries(load(settings.source), settings.landing, settings.lake), month)
    except LandingError as error:
        reason = str(error)
    sys.stdout.write(f"{reason or f'{month} is complete'}\n")
    if reason:
        sys.exit(os.EX_TEMPFAIL)


if __name__ == "__main__":
    run_as_program(main)
