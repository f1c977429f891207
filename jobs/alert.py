"""Send an alert: a task has failed for good, or a month is late.

    CLV_ALERTS='{"host": "https://…"}' python -m jobs.alert failed --dag-run-id manual__2011-12-05 \
        --task validate.inputs --attempt 1 --month 2011-11 --ended "exit code 65" --link https://…

CLV_ALERTS is the Airflow connection `clv_alerts` as JSON; it names the receiver. The reason, and the month unless it is
given, are those that the job recorded in `clv.run_failure`; if there is none, the reason is how the task ended.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from http.client import HTTPException

from sqlalchemy.exc import SQLAlchemyError

from jobs.alerts.receivers import Notice, receiver_of
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
    """Compose the notice and send it; exits with 1 and a line on stderr if it cannot be sent."""
    options = parser(__doc__)
    options.add_argument("event", choices=["failed", "late"])
    options.add_argument("--dag-run-id", required=True)
    options.add_argument("--link", required=True, help="URL of the task or run")
    options.add_argument("--month", default="", help="the data month, if known")
    options.add_argument("--task", default="", help="the task that failed")
    options.add_argument("--attempt", type=int, default=0, help="Airflow's try number")
    options.add_argument("--ended", required=True, help="how the task ended, or why the run is late")
    arguments = options.parse_args(argv)
    log_to_stderr()
    failure: Mapping[str, str | None] = {}
    if arguments.task:
        failure = recorded_failure(
            os.environ.get("CLV_DATABASE_URL"),
            dag_run_id=arguments.dag_run_id,
            task=arguments.task,
            attempt=arguments.attempt,
        )
    reason = failure.get("reason")
    notice = Notice(
        event=arguments.event,
        month=one_line(arguments.month or failure.get("data_month") or ""),
        task=arguments.task,
        reason=f"{reason} ({arguments.ended})" if reason else arguments.ended,
        dag_run_id=one_line(arguments.dag_run_id),
        link=arguments.link,
    )
    connection = json.loads(os.environ["CLV_ALERTS"])
    try:
        receiver_of(connection).send(notice)
    except (OSError, HTTPException, ValueError) as error:
        cause = masked(f"{type(error).__name__}: {error}", str(connection.get("password") or ""))
        sys.exit(f"No notice was sent: {one_line(cause)}")
    log.info("Notice sent: %s", notice.headline)


if __name__ == "__main__":
    main()
