"""Alerts, sent through the connection `clv_alerts`."""

import os
import re
import subprocess
from typing import Any

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException
from clv_tasks import ENVIRONMENT, REPOSITORY

ALERT_TIMEOUT_SECONDS = 60


def alert_failed(context: Any) -> None:
    """Alert that a task has failed for good. Airflow does not call this for a task that it will retry."""
    ti, error = context["ti"], context.get("exception")
    code = re.search(r"code (?:is: )?(\d+)", str(error))
    plan = ti.xcom_pull("plan.plan") or {}
    alert(
        *["failed", f"--task={ti.task_id}", f"--attempt={ti.try_number}", f"--dag-run-id={ti.run_id}"],
        *[f"--month={plan.get('month') or context['params'].get('month') or ''}", f"--link={ti.log_url}"],
        f"--ended={f'exit code {code[1]}' if code else type(error).__name__ if error else 'the task was lost'}",
    )


def alert(*arguments: str) -> None:
    """Run `jobs/alert.py` with the connection `clv_alerts` in its environment. An alert that fails fails no task."""
    try:
        receiver = Connection.get("clv_alerts").as_json()
        command = [os.environ.get("CLV_PYTHON", "python"), "-m", "jobs.alert", *arguments]
        own = {**os.environ, **ENVIRONMENT, "CLV_ALERTS": receiver}
        told = subprocess.run(
            command, env=own, cwd=REPOSITORY, capture_output=True, text=True, timeout=ALERT_TIMEOUT_SECONDS, check=False
        )
        print(told.stderr)  # noqa: T201 - the task's log
    except AirflowNotFoundException:
        print("No alert was sent: there is no connection 'clv_alerts'")  # noqa: T201
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"No alert was sent: {type(error).__name__}")  # noqa: T201
