"""Check whether the last calendar month, or a month before it, is not published.

    python -m jobs.late --now 2011-12-02T12:00:00+00:00

The last line on stdout is a JSON object: `month`, and `reason`, which is empty if no month is missing. No month before
the first that was ever published is missing: the first is run by hand.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import Engine

from jobs.core.arguments import parser
from jobs.core.month import Month
from jobs.core.postgres import engine, fetch
from jobs.core.settings import Settings
from jobs.core.task import log_to_stderr, run_as_program
from jobs.core.value_basis import MARGIN, VALUE_BASES
from jobs.planning.history import ranges
from jobs.sources import declares_margin


def lateness(today: date, published: Collection[Month], withdrawn: Collection[Month]) -> tuple[Month, str]:
    """The newest month that is missing, and the reason to send an alert; the last month and "" if none is missing.

    Args:
        today: the day of the check.
        published: the months that readers see.
        withdrawn: the months that readers saw once and do not see now.
    """
    last = Month.of(today).plus(-1)
    history = [*published, *withdrawn]
    missing = [month for month in min(history, default=last).through(last) if month not in published] if history else []
    if not missing:
        return last, ""
    taken_back = [month for month in missing if month in withdrawn]
    named = f"month {missing[0]} is" if len(missing) == 1 else f"months {ranges(missing)} are"
    withdrawals = f" (withdrawn: {ranges(taken_back)})" if taken_back else ""
    newest = f"the newest published month is {max(published)}" if published else "no month is published"
    return missing[-1], f"{named} not published on {today}{withdrawals}; {newest}"


def main(argv: Sequence[str] | None = None) -> None:
    """Check, and print the result."""
    options = parser(__doc__)
    options.add_argument("--now", type=datetime.fromisoformat, required=True, help="time of the check, in ISO 8601")
    arguments = options.parse_args(argv)
    log_to_stderr()
    database = engine(Settings().database_url)
    found = [_lateness_of(database, basis, arguments.now.date()) for basis in VALUE_BASES]
    late = [(month, reason) for month, reason in found if reason]
    month = max(month for month, _ in late or found)
    sys.stdout.write(json.dumps({"month": str(month), "reason": "; ".join(reason for _, reason in late)}) + "\n")


def _lateness_of(database: Engine, value_basis: str, today: date) -> tuple[Month, str]:
    """The lateness of a value basis; no margin is late in a shop that declares none."""
    rows = fetch(database, "months_ever_published", value_basis=value_basis)
    if value_basis == MARGIN and rows and not declares_margin(Settings().source):
        rows = []
    is_published = {Month.before(row["as_of"]): bool(row["is_published"]) for row in rows}
    published = [month for month in is_published if is_published[month]]
    withdrawn = [month for month in is_published if not is_published[month]]
    month, reason = lateness(today, published, withdrawn)
    return month, f"margin: {reason}" if reason and value_basis == MARGIN else reason


if __name__ == "__main__":
    run_as_program(main)
