"""Print the newest run planned for a month in a value basis, so that `clv_deliveries` does not start a second one.

    python -m jobs.planned_run --month 2011-11

The last line on stdout is a JSON object with `run_id` and `dag_run_id`, or null if there is no such run. Dry runs do
not count: they publish no month. If no run was planned but the plan of the month's scheduled run
failed, `dag_run_id` is that run and `run_id` is null.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from jobs.core.arguments import a_month, add_value_basis, parser
from jobs.core.postgres import engine, fetch
from jobs.core.settings import Settings
from jobs.core.task import log_to_stderr, run_as_program


def main(argv: Sequence[str] | None = None) -> None:
    """Look once, and print the run."""
    options = parser(__doc__)
    options.add_argument("--month", type=a_month, required=True, help="the data month, YYYY-MM")
    add_value_basis(options)
    arguments = options.parse_args(argv)
    log_to_stderr()
    database = engine(Settings().database_url)
    runs = fetch(database, "planned_run", as_of=arguments.month.as_of, value_basis=arguments.value_basis)
    sys.stdout.write(json.dumps(dict(runs[0]) if runs else None) + "\n")


if __name__ == "__main__":
    run_as_program(main)
