"""Send alerts to the receiver that the connection `clv_alerts` names."""

import os
import subprocess
from typing import Any

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException
from clv_tasks import ENVIRONMENT, REPOSITORY, exit_code

ALERT_TIMEOUT_SECONDS = 60


def alert_failed(context: Any) -> None:
    """Send an alert for a failed task. Airflow does not call this for an attempt that it will retry."""
    ti, error = context["ti"], context.get("exception")
    code = exit_code(error)
    ended = f"exit code {code}" if code is not None else type(error).__name__ if error else "the task was lost"
    plan = ti.xcom_pull("plan.plan") or {}
    alert(
        *["failed", f"--task={ti.task_id}", f"--attempt={ti.try_number}", f"--dag-run-id={ti.run_id}"],
        *[f"--month={plan.get('month') or context['params'].get('month') or ''}", f"--link={ti.log_url}"],
        f"--ended={ended}",
    )


def alert(*arguments: str) -> None:
    """Run `jobs/alert.py` with the connection `clv_alerts` in its environment; log a failure instead of raising it."""
    try:
        receiver = Connection.get("clv_alerts").as_json()
        command = [os.environ.get("CLV_PYTHON", "python"), "-m", "jobs.alert", *arguments]
        environment = {**os.environ, **ENVIRONMENT, "CLV_ALERTS": receiver}
        completed = subprocess.run(
            command,
            env=environment,
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=ALERT_TIMEOUT_SECONDS,
            check=False,
        )
        print(completed.stderr)  # noqa: T201 - the task's log
    except AirflowNotFoundException:
        print("No alert was sent: there is no connection 'clv_alerts'")  # noqa: T201
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"No alert was sent: {type(error).__name__}")  # noqa: T201
