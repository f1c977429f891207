"""Print the newest standard run that was planned for a month, so that `clv_deliveries` does not start a second one.

    python -m jobs.planned_run --month 2011-11

The last line on stdout is a JSON object with `run_id` and `dag_run_id`, or null if there is no such run. Special runs
and dry runs do not count: they publish no month. If no run was planned but the plan of the month's scheduled run
failed, `dag_run_id` is that run and `run_id` is null.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from jobs.core.arguments import a_month, parser
from jobs.core.postgres import engine, fetch
from jobs.core.settings import Settings
from jobs.core.task import log_to_stderr, run_as_program


def main(argv: Sequence[str] | None = None) -> None:
    """Look once, and print the run."""
    options = parser(__doc__)
    options.add_argument("--month", type=a_month, required=True, help="the data month, YYYY-MM")
    arguments = options.parse_args(argv)
    log_to_stderr()
    runs = fetch(engine(Settings().database_url), "standard_run", as_of=arguments.month.as_of)
    sys.stdout.write(json.dumps(dict(runs[0]) if runs else None) + "\n")


if __name__ == "__main__":
    run_as_program(main)
