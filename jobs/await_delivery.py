"""Check whether the data month of a run is delivered in full: exit code 0 if it is, 75 (EX_TEMPFAIL) if not yet.

    python -m jobs.await_delivery --run-type scheduled --logical-date 2011-11-01T00:00:00+00:00 --month ""

The last line on stdout is a JSON object: `month`, and `missing`, which is null if nothing is.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence

from jobs.core.arguments import add_airflow_run, parser
from jobs.core.month import MonthRefusedError, named_month
from jobs.core.settings import Settings
from jobs.core.task import log_to_stderr, run_as_program
from jobs.landing.cache import Kept
from jobs.planning.data_month import why_not_delivered
from jobs.sources import load


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
        raise MonthRefusedError("the run has no month to wait for: trigger it with the parameter `month`")
    missing = why_not_delivered(load(settings.source), settings.landing, Kept.of(settings), month)
    sys.stdout.write(json.dumps({"month": str(month), "missing": missing}) + "\n")
    if missing:
        sys.exit(os.EX_TEMPFAIL)


if __name__ == "__main__":
    run_as_program(main)
