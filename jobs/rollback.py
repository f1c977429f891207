"""Roll a month back to a forecast that was published before, and record who did it and why.

    python -m jobs.rollback --month 2011-11 --by "Ada Lovelace" --because "a price list was wrong" [--run-id 17]

Without `--run-id`, the month goes back to the newest run before the published one that nobody has taken back (rolled
back or withdrawn). A withdrawn month needs `--run-id`, and so does one that was rolled back already, so that the same
command again does not go back further. Other months and the champion do not change, and the month's next run publishes
as usual. `clv.publications` lists every publication and rollback.
The last line on stdout is a JSON object that says what changed for readers: `jobs/publishing/change.py`.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

from jobs.core.arguments import a_month, add_value_basis, parser
from jobs.core.postgres import engine
from jobs.core.settings import Settings
from jobs.core.task import log_to_stderr, run_as_program
from jobs.core.value_basis import named
from jobs.publishing.change import change_as_json
from jobs.publishing.rollback import roll_back

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> None:
    """Roll a month back; see `--help`."""
    options = parser(__doc__)
    options.add_argument("--month", type=a_month, required=True, help="the data month, YYYY-MM")
    options.add_argument("--run-id", type=int, help="the run to go back to; default: see above")
    options.add_argument("--by", required=True, help="who rolls back")
    options.add_argument("--because", required=True, help="the reason, for the record")
    add_value_basis(options)
    arguments = options.parse_args(argv)
    log_to_stderr()
    database = engine(Settings().database_url)
    before, now = roll_back(
        database,
        arguments.month,
        arguments.run_id,
        by=arguments.by,
        because=arguments.because,
        value_basis=arguments.value_basis,
    )
    rolled_back = named(arguments.month, arguments.value_basis)
    log.info("Readers of %s now see run %s instead of %s", rolled_back, now, f"run {before}" if before else "none")
    sys.stdout.write(change_as_json(database, arguments.month.as_of, now))


if __name__ == "__main__":
    run_as_program(main)
