"""Print why an attempt at a task failed, and for which month.

    python -m jobs.reason --dag-run-id manual__2011-12-05 --task ingest --attempt 1 --ended "exit code 65"

The last line on stdout is a JSON object. `reason` is the one that the job recorded in `clv.run_failure`, followed by
how the job ended; if none is recorded, or Postgres cannot be reached, only how it ended. `month` is the data month, or
empty. Passwords are masked.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping, Sequence

from sqlalchemy.exc import SQLAlchemyError

from jobs.core.arguments import parser
from jobs.core.failure import one_line, reason_of
from jobs.core.masking import masked
from jobs.core.postgres import engine, fetch
from jobs.core.task import log_to_stderr

log = logging.getLogger(__name__)


def recorded_failure(url: str | None, *, dag_run_id: str, task: str, attempt: int) -> Mapping[str, str | None]:
    """`reason` and `data_month` recorded by an attempt at a task; empty if none are, or Postgres cannot be queried."""
    if not url:
        return {}
    try:
        failures = fetch(engine(url), "failure", dag_run_id=dag_run_id, task=task, attempt=attempt)
    except SQLAlchemyError as error:
        log.warning("Cannot read the reason from Postgres: %s", reason_of(error))
        return {}
    return dict(failures[0]) if failures else {}


def main(argv: Sequence[str] | None = None) -> None:
    """Look the reason up and print it."""
    options = parser(__doc__)
    options.add_argument("--dag-run-id", required=True)
    options.add_argument("--task", required=True, help="the task that failed")
    options.add_argument("--attempt", type=int, required=True, help="Airflow's try number")
    options.add_argument("--ended", required=True, help="how the task ended")
    arguments = options.parse_args(argv)
    log_to_stderr()
    failure = recorded_failure(
        os.environ.get("CLV_DATABASE_URL"),
        dag_run_id=arguments.dag_run_id,
        task=arguments.task,
        attempt=arguments.attempt,
    )
    ended, recorded = masked(one_line(arguments.ended)), failure.get("reason")
    reason = f"{recorded} ({ended})" if recorded else ended
    sys.stdout.write(json.dumps({"reason": reason, "month": failure.get("data_month") or ""}) + "\n")


if __name__ == "__main__":
    main()
