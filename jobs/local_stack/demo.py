"""Run a month on the embedded stack and show its progress; `make run` calls this.

    python -m jobs.local_stack.demo [--source NAME] [--landing PATH] [--month YYYY-MM]

Without a source, a simulated shop is written first. Ends with the report of the run, or with the log of the task that
failed.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import date
from typing import Any

from jobs.core.arguments import a_month
from jobs.core.month import Month
from jobs.core.postgres import engine, fetch
from jobs.core.refusal import RefusedError
from jobs.core.task import log_to_stderr
from jobs.landing.cache import Kept
from jobs.landing.deliveries import deliveries
from jobs.local_stack.airflow_api import AirflowApi
from jobs.local_stack.airflow_config import ADMIN
from jobs.local_stack.home import REPOSITORY, Home, shop_home, state_folder
from jobs.local_stack.stack import Stack, up
from jobs.local_stack.start import DAG
from jobs.publishing.month_page.page import page_file
from jobs.publishing.report import report, top_customers
from jobs.quality.findings import DATA_DOCS
from jobs.sources import load

log = logging.getLogger(__name__)

SIMULATED_CUSTOMERS = 5_000
SIMULATED_MONTHS = 30
SIMULATION_SEED = 7

_POLL_SECONDS = 1.0
_LOG_LINES = 30
_ENDED = {"success", "failed", "skipped", "upstream_failed"}


class RunFailedError(RuntimeError):
    """The run failed; the message contains the end of its first failed task's log."""


def run_month(stack: Stack, month: str | None) -> dict[str, Any]:
    """Run the DAG for a month (default: the last month delivered in full), print its progress, and return the plan.

    Raises:
        RunFailedError: with the end of the failed task's log and the path of the log.
    """
    api = stack.api()
    api.patch(f"/dags/{DAG}", {"is_paused": False})
    waiting_for = api.get(f"/dags/{DAG}/dagRuns", state=["running", "queued"])["dag_runs"]
    if waiting_for:
        log.info("Waiting for %s, which has not ended yet", " and ".join(run["dag_run_id"] for run in waiting_for))
    body: dict[str, Any] = {"logical_date": None, "conf": {}}
    month = month or last_month(stack.home)
    if month:
        body |= {"dag_run_id": free_run_id(api, month), "conf": {"month": month}}
    path = f"/dags/{DAG}/dagRuns/{api.post(f'/dags/{DAG}/dagRuns', body)['dag_run_id']}"
    _follow(api, path, stack)
    if api.get(path)["state"] != "success":
        raise RunFailedError(_failure(api, path, stack))
    plan: dict[str, Any] = _plan(api, path)
    return plan


def last_month(home: Home) -> str | None:
    """The last month that a shop has delivered in full; None if that cannot be told: the run's plan says why."""
    kept = Kept.in_folder(str(home.folder / "lake"))
    try:
        transactions = deliveries(load(home.source), home.landing, kept)["transactions"]
    except RefusedError:
        return None
    return str(transactions.last_closed) if transactions.last_closed else None


def free_run_id(api: AirflowApi, month: str) -> str:
    """A run id that shows the month and is not used yet: `run__2011-11__1`, then `run__2011-11__2`."""
    ids = (f"run__{month}__{number}" for number in itertools.count(1))
    return next(run_id for run_id in ids if not api.exists(f"/dags/{DAG}/dagRuns/{run_id}"))


def _follow(api: AirflowApi, path: str, stack: Stack) -> None:
    """Print a line for each task as it ends, until the run has ended."""
    printed: set[str] = set()
    while True:
        state = api.get(path)["state"]
        tasks = api.get(f"{path}/taskInstances", limit=100)["task_instances"]
        ended = [task for task in tasks if task["state"] in _ENDED and task["task_id"] not in printed]
        is_planned = any(task["task_id"] == "plan.plan" and task["state"] == "success" for task in tasks)
        if ended:
            rows = _rows(api, path, stack) if is_planned else {}
            for task in sorted(ended, key=lambda task: task["end_date"] or ""):
                printed.add(task["task_id"])
                sys.stdout.write(_line(task, rows.get(task["task_id"])))
            sys.stdout.flush()
        if state in ("success", "failed"):
            return
        time.sleep(_POLL_SECONDS)


def _line(task: dict[str, Any], rows: int | None) -> str:
    counted = "" if rows is None else f"{rows:,} rows"
    seconds = "" if task["duration"] is None or task["state"] == "skipped" else f"{task['duration']:.1f} s"
    return f"  {task['task_id']:<28}{task['state']:<16}{seconds:>9}{counted:>18}\n"


def _rows(api: AirflowApi, path: str, stack: Stack) -> dict[str, int | None]:
    run_id = _plan(api, path)["run_id"]
    return {task["task"]: task["rows"] for task in fetch(engine(stack.database_url), "run_tasks", run_id=run_id)}


def _plan(api: AirflowApi, path: str) -> Any:
    return api.get(f"{path}/taskInstances/plan.plan/xcomEntries/return_value")["value"]


def _failure(api: AirflowApi, path: str, stack: Stack) -> str:
    """The end of the first failed task's log, and the path of the log."""
    tasks = api.get(f"{path}/taskInstances", limit=100)["task_instances"]
    failed = min((task for task in tasks if task["state"] == "failed"), key=lambda task: str(task["end_date"]))
    attempt = f"taskInstances/{failed['task_id']}/logs/{failed['try_number']}"
    events = [entry["event"] for entry in api.get(f"{path}/{attempt}", full_content=True)["content"]]
    run_id = path.rpartition("/")[2]
    folder = stack.home.folder / "airflow" / "logs" / f"dag_id={DAG}" / f"run_id={run_id}"
    file = folder / f"task_id={failed['task_id']}" / f"attempt={failed['try_number']}.log"
    return "\n".join([f"Task {failed['task_id']} failed:", *events[-_LOG_LINES:], f"Full log: {file}"])


def summary(stack: Stack, plan: dict[str, Any]) -> str:
    """The report of a run, the ten most valuable customers of its month, and where to look."""
    database, reports = engine(stack.database_url), stack.home.folder / "reports"
    places = {
        "Airflow": f"{stack.airflow_url}/dags/{DAG} (user {ADMIN}, password {stack.admin_password})",
        "Models and plots": stack.mlflow_url,
        "Page to forward": str(page_file(reports, Month.before(date.fromisoformat(plan["as_of"])), plan["run_id"])),
        "Data Docs": str(reports / DATA_DOCS / "index.html"),
        "SQL": 'make psql SQL="SELECT * FROM clv.forecast_current ORDER BY clv_12m DESC LIMIT 10"',
    }
    customers = [f"{'customer':<16}{'12 months':>14}{'80 % interval':>28}{'P(active)':>11}  status"]
    for row in top_customers(database, date.fromisoformat(plan["as_of"])):
        interval = f"{row['clv_12m_p10']:,.2f} to {row['clv_12m_p90']:,.2f}"
        value, active = f"{row['clv_12m']:,.2f}", f"{row['p_active_12m']:.2f}"
        customers.append(f"{row['customer_id']:<16}{value:>14}{interval:>28}{active:>11}  {row['status']}")
    headline = f"The ten most valuable customers of the twelve months from {plan['as_of']} on"
    return "\n".join(["", headline, "", *customers, "", report(database, plan["run_id"], places)])


def ensure_landing(home: Home) -> None:
    """Write a simulated shop where the shop is the simulated one and nothing has been delivered yet."""
    if home.is_simulated and not home.landing.exists():
        log.info("Writing a simulated shop of %d customers to %s", SIMULATED_CUSTOMERS, home.landing)
        size = ["--customers", str(SIMULATED_CUSTOMERS), "--months", str(SIMULATED_MONTHS)]
        command = [sys.executable, "-m", "jobs.simulate", *size, "--seed", str(SIMULATION_SEED)]
        subprocess.run([*command, "--out", str(home.landing)], check=True, cwd=REPOSITORY)


def main(argv: Sequence[str] | None = None) -> None:
    """Run a month and print what came of it; exits with 1 where the run failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", help="layout of the data, a module of jobs/sources; without it a simulated shop")
    parser.add_argument("--landing", help="file or folder the shop delivers to")
    parser.add_argument(
        "--month", type=a_month, help="data month, YYYY-MM; without it the last month delivered in full"
    )
    arguments = parser.parse_args(argv)
    log_to_stderr()
    home = shop_home(arguments.source, arguments.landing, state=state_folder())
    ensure_landing(home)
    stack = up(home)
    log.info("Running %s of shop %s; watch it at %s/dags/%s", DAG, home.name, stack.airflow_url, DAG)
    try:
        plan = run_month(stack, arguments.month and str(arguments.month))
    except RunFailedError as failure:
        sys.exit(str(failure))
    sys.stdout.write(summary(stack, plan))


if __name__ == "__main__":
    main()
