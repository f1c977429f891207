"""Check whether the last calendar month is still not published.

    python -m jobs.late --now 2011-12-02T12:00:00+00:00

The last line on stdout is a JSON object: `month`, and `reason`, which is empty if the month is not late. A month is not
late if nothing has ever been published: the first month is run by hand.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import date, datetime

from jobs.core.arguments import parser
from jobs.core.month import Month
from jobs.core.postgres import engine, fetch
from jobs.core.settings import Settings
from jobs.core.task import log_to_stderr, run_as_program


def lateness(today: date, newest_as_of: date | None) -> tuple[Month, str]:
    """The calendar month before `today`, and the reason to send an alert; empty if the month is not late.

    Args:
        today: the day of the check.
        newest_as_of: `as_of` of the newest published month; None if nothing is published.
    """
    last = Month.of(today).plus(-1)
    if newest_as_of is None or newest_as_of >= last.as_of:
        return last, ""
    newest = Month.before(newest_as_of)
    return last, f"month {last} is not published on {today}; the newest published month is {newest}"


def main(argv: Sequence[str] | None = None) -> None:
    """Check, and print the result."""
    options = parser(__doc__)
    options.add_argument("--now", type=datetime.fromisoformat, required=True, help="time of the check, in ISO 8601")
    arguments = options.parse_args(argv)
    log_to_stderr()
    [newest] = fetch(engine(Settings().database_url), "newest_published_as_of")
    month, reason = lateness(arguments.now.date(), newest["as_of"])
    sys.stdout.write(json.dumps({"month": str(month), "reason": reason}) + "\n")


if __name__ == "__main__":
    run_as_program(main)
