"""What happens when a task fails: its reason is logged, written to the run's note, and sent as an alert.

The connection `clv_alerts` names the receiver of alerts.
"""

import json
import logging
from datetime import timedelta
from typing import Any

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowException, AirflowNotFoundException
from clv_note import add_failure
from clv_tasks import PYTHON_TIMEOUT, RetryUnlessRefused, dag_run_name, exit_code, last_line, run_job

log = logging.getLogger("clv")

ALERT_TIMEOUT_SECONDS = 60
LONGEST_REASON = 500
"""In characters."""


class NotSentError(AirflowException):
    """An alert could not be sent."""


def log_reason(context: Any) -> None:
    """Log why an attempt failed as the last line of level ERROR: the callback of attempts that are tried again."""
    log.error("%s", failure_of(context)["reason"])


def alert_failed(context: Any) -> None:
    """Log, note and send why a task failed for good. Airflow does not call this for an attempt that it will retry."""
    ti, failure = context["ti"], failure_of(context)
    reason = failure["reason"]
    add_failure(ti, reason)
    try:
        plan = ti.xcom_pull("plan.plan") or {}
        month = plan.get("month") or context["params"].get("month") or failure["month"]
        alert(
            *["failed", f"--task={ti.task_id}", f"--dag-run-id={dag_run_name(ti)}", f"--reason={reason}"],
            *[f"--month={month}", f"--link={ti.log_url}"],
        )
    except Exception as error:
        log.warning("No alert was sent: %s", error if isinstance(error, NotSentError) else type(error).__name__)
    log.error("%s", reason)


def alert_drifted(context: Any) -> None:
    """Send what has drifted in the month that a task measured. It never fails the task."""
    ti = context["ti"]
    try:
        drift = ti.xcom_pull(ti.task_id)
        if drift["reason"]:
            alert(
                *["drifted", f"--task={ti.task_id}", f"--dag-run-id={dag_run_name(ti)}", f"--reason={drift['reason']}"],
                *[f"--month={drift['month']}", f"--link={ti.log_url}"],
            )
    except Exception as error:
        log.warning("No alert was sent: %s", error if isinstance(error, NotSentError) else type(error).__name__)


def failure_of(context: Any) -> dict[str, str]:
    """`reason`: the one that an attempt's job recorded, and how it ended; `month`: its data month, empty if unknown."""
    ti, ended = context["ti"], _ended(context.get("exception"))
    attempt = [
        f"--dag-run-id={dag_run_name(ti)}",
        f"--task={ti.task_id}",
        f"--attempt={ti.try_number}",
    ]
    try:
        failure: dict[str, str] = json.loads(
            last_line(run_job("reason", *attempt, f"--ended={ended}", seconds=ALERT_TIMEOUT_SECONDS))
        )
    except Exception as error:
        log.warning("The reason cannot be looked up: %s", type(error).__name__)
        return {"reason": ended, "month": ""}
    return failure


def _ended(error: BaseException | None) -> str:
    code = exit_code(error)
    if code is not None:
        return f"exit code {code}"
    if isinstance(error, AirflowException):
        return (str(error).partition("\n")[0] or type(error).__name__)[:LONGEST_REASON]
    return type(error).__name__ if error else "the task was lost"


def alert(*arguments: str) -> None:
    """Send an alert with `jobs/alert.py`; without the connection `clv_alerts`, log a line instead.

    Raises:
        NotSentError: the receiver did not accept it.
        subprocess.TimeoutExpired: the receiver did not respond.
    """
    try:
        receiver = Connection.get("clv_alerts").as_json()
    except AirflowNotFoundException:
        log.warning("No alert was sent: there is no connection 'clv_alerts'")
        return
    completed = run_job("alert", *arguments, seconds=ALERT_TIMEOUT_SECONDS, CLV_ALERTS=receiver)
    if completed.returncode:
        raise NotSentError(completed.stderr.strip().rpartition("\n")[2])


DEFAULT_ARGS: dict[str, Any] = {
    "owner": "clv",
    "retries": 2,
    "retry_delay": timedelta(minutes=1),
    "retry_policy": RetryUnlessRefused(),
    "execution_timeout": PYTHON_TIMEOUT,
    "on_failure_callback": alert_failed,
    "on_retry_callback": log_reason,
}
"""Of every DAG's tasks."""
FOR_PERSONS: dict[str, Any] = DEFAULT_ARGS | {"retries": 0, "on_failure_callback": log_reason}
"""Of tasks that somebody triggers and watches: they fail at once, and alert nobody."""
