"""Print why an attempt at a task failed, on one line.

    python -m jobs.reason --dag-run-id manual__2011-12-05 --task validate.inputs --attempt 1 --ended "exit code 65"

The last line on stdout is the reason that the job recorded in `clv.run_failure`, followed by how it ended; if none is
recorded, or Postgres cannot be reached, only how it ended. Passwords are masked.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence

from sqlalchemy.exc import SQLAlchemyError

from jobs.core.arguments import parser
from jobs.core.failure import one_line, reason_of
from jobs.core.masking import masked
from jobs.core.postgres import engine, fetch
from jobs.core.task import log_to_stderr

log = logging.getLogger(__name__)


def reason_recorded(url: str | None, *, dag_run_id: str, task: str, attempt: int) -> str | None:
    """The reason recorded by an attempt at a task; None if there is none, or Postgres cannot be queried."""
    if not url:
        return None
    try:
        failures = fetch(engine(url), "failure", dag_run_id=dag_run_id, task=task, attempt=attempt)
    except SQLAlchemyError as error:
        log.warning("Cannot read the reason from Postgres: %s", reason_of(error))
        return None
    return str(failures[0]["reason"]) if failures else None


def main(argv: Sequence[str] | None = None) -> None:
    """Look the reason up and print it."""
    options = parser(__doc__)
    options.add_argument("--dag-run-id", required=True)
    options.add_argument("--task", required=True, help="the task that failed")
    options.add_argument("--attempt", type=int, required=True, help="Airflow's try number")
    options.add_argument("--ended", required=True, help="how the task ended")
    arguments = options.parse_args(argv)
    log_to_stderr()
    recorded = reason_recorded(
        os.environ.get("CLV_DATABASE_URL"),
        dag_run_id=arguments.dag_run_id,
        task=arguments.task,
        attempt=arguments.attempt,
    )
    ended = masked(one_line(arguments.ended))
    sys.stdout.write(f"{recorded} ({ended})\n" if recorded else f"{ended}\n")


if __name__ == "__main__":
    main()
