"""Send an alert: a task has failed for good, a month is late, or a month has drifted.

    CLV_ALERTS='{"host": "https://…"}' python -m jobs.alert failed --dag-run-id manual__2011-12-05 \
        --task ingest --month 2011-11 --reason "exit code 65" --link https://…

CLV_ALERTS is the Airflow connection `clv_alerts` as JSON; it names the receiver.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Sequence
from http.client import HTTPException

from jobs.alerts.receivers import Notice, receiver_of
from jobs.core.arguments import parser
from jobs.core.failure import one_line
from jobs.core.masking import masked
from jobs.core.task import log_to_stderr

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> None:
    """Compose the notice and send it; exits with 1 and a line on stderr if it cannot be sent."""
    options = parser(__doc__)
    options.add_argument("event", choices=["failed", "late", "drifted"])
    options.add_argument("--dag-run-id", required=True)
    options.add_argument("--link", required=True, help="URL of the task or run")
    options.add_argument("--month", default="", help="the data month, if known")
    options.add_argument("--task", default="", help="the task that failed, or that noticed the drift")
    options.add_argument("--reason", required=True, help="why the task failed, what is late, or what has drifted")
    arguments = options.parse_args(argv)
    log_to_stderr()
    notice = Notice(
        event=arguments.event,
        month=one_line(arguments.month),
        task=arguments.task,
        reason=masked(one_line(arguments.reason)),
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
