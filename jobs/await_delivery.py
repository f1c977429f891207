"""Tell whether the data month of a run is delivered in full: exit code 0 if so, 75 (EX_TEMPFAIL) if not yet.

    python -m jobs.await_delivery --run-type scheduled --logical-date 2011-11-01T00:00:00+00:00 --month ""

The last line on stdout says how far the source is. A delivery that cannot be read may still be on its way: not yet.
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
from jobs.landing.files import LandingError
from jobs.landing.layouts import Delivery
from jobs.sources import load


def what_lacks(delivered: Mapping[str, Delivery], month: Month) -> str | None:
    """Why a month is not there in full; None where it is."""
    last_closed = delivered["transactions"].last_closed
    if last_closed is None or last_closed < month:
        return f"transactions are delivered in full up to {last_closed}, not yet {month}"
    lacking = [table for table, delivery in delivered.items() if delivery.has_times and delivery.missing([month])]
    return f"{' and '.join(lacking)} of {month} not delivered in full yet" if lacking else None


def main(argv: Sequence[str] | None = None) -> None:
    """Look once; the exit code tells what was found."""
    asked = parser(__doc__)
    add_airflow_run(asked)
    arguments = asked.parse_args(argv)
    log_to_stderr()
    settings = Settings()
    month = named_month(asked=arguments.month or None, run_type=arguments.run_type, logical_date=arguments.logical_date)
    if month is None:
        raise MonthRefusedError("the run is named for no month: there is nothing to wait for")
    try:
        lacks = what_lacks(deliveries(load(settings.source), settings.landing, settings.lake), month)
    except LandingError as error:
        lacks = str(error)
    sys.stdout.write(f"{lacks or f'{month} is delivered in full'}\n")
    if lacks:
        sys.exit(os.EX_TEMPFAIL)


if __name__ == "__main__":
    run_as_program(main)
