"""Whom a run of this folder's DAGs tells what: tasks that have failed for good, and runs that are late."""

import os
import re
import subprocess
import urllib.parse
from datetime import timedelta

from airflow.configuration import conf
from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException
from clv_tasks import ENVIRONMENT, REPOSITORY

LATE_AFTER = timedelta(hours=12)
ALERT_TIMEOUT_SECONDS = 60


def alert_failed(context) -> None:
    """Tell people that a task has failed for good; one that is tried again is none of their business."""
    ti, error = context["ti"], context.get("exception")
    code = re.search(r"code (?:is: )?(\d+)", str(error))
    plan = ti.xcom_pull("plan.plan") or {}
    alert(
        *["failed", f"--task={ti.task_id}", f"--attempt={ti.try_number}", f"--dag-run-id={ti.run_id}"],
        *[f"--month={plan.get('month') or context['params'].get('month') or ''}", f"--link={ti.log_url}"],
        f"--ended={f'exit code {code[1]}' if code else type(error).__name__ if error else 'the task was lost'}",
    )


def alert_late(context) -> None:
    """Tell people that a run has not ended in time. A backfill has no time: its runs wait for each other."""
    run = context["dag_run"]
    if run["run_type"] == "backfill":
        return
    scheduled = run["logical_date"][:7] if run["run_type"] == "scheduled" else ""
    address = conf.get("api", "base_url", fallback="http://localhost:8080").rstrip("/")
    alert(
        *["late", f"--dag-run-id={run['dag_run_id']}", f"--month={(run['conf'] or {}).get('month') or scheduled}"],
        f"--ended=It has not ended {LATE_AFTER.total_seconds() / 3600:g} hours after it was queued.",
        f"--link={address}/dags/{run['dag_id']}/runs/{urllib.parse.quote(run['dag_run_id'])}",
    )


def alert(*arguments: str) -> None:
    """Run `jobs/alert.py`, the connection `clv_alerts` in its environment. No task fails, or hangs, for want of it."""
    try:
        receiver = Connection.get("clv_alerts").as_json()
        command = [os.environ.get("CLV_PYTHON", "python"), "-m", "jobs.alert", *arguments]
        own = {**os.environ, **ENVIRONMENT, "CLV_ALERTS": receiver}
        told = subprocess.run(
            command, env=own, cwd=REPOSITORY, capture_output=True, text=True, timeout=ALERT_TIMEOUT_SECONDS, check=False
        )
        print(told.stderr)  # noqa: T201 - the task's log
    except AirflowNotFoundException:
        print("Nobody is told: there is no connection 'clv_alerts'")  # noqa: T201
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"Nobody is told: {type(error).__name__}")  # noqa: T201
