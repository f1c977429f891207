"""Say whether the month that is over is still not published.

    python -m jobs.late --now 2011-12-02T12:00:00+00:00

The last line on stdout is a JSON object: `month`, and `reason`, which is empty where nothing is late. A shop that has
never published anything is not late: its first month is run by hand.
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
    """The month that is over, and why people should know of it; empty where they need not.

    Args:
        today: the day.
        newest_as_of: of the newest published month; None while nothing is published.
    """
    over = Month.of(today).plus(-1)
    if newest_as_of is None or newest_as_of >= over.as_of:
        return over, ""
    newest = Month.before(newest_as_of)
    return over, f"month {over} is not published on {today}; the newest that readers see is {newest}"


def main(argv: Sequence[str] | None = None) -> None:
    """Look, and print what was found."""
    asked = parser(__doc__)
    asked.add_argument("--now", type=datetime.fromisoformat, required=True, help="ISO 8601")
    arguments = asked.parse_args(argv)
    log_to_stderr()
    [newest] = fetch(engine(Settings().database_url), "newest_published_as_of")
    month, reason = lateness(arguments.now.date(), newest["as_of"])
    sys.stdout.write(json.dumps({"month": str(month), "reason": reason}) + "\n")


if __name__ == "__main__":
    run_as_program(main)
