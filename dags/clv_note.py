"""The note of a run: its data month, which the run id does not show, what it plans to do, and what failed."""

import json
import logging
import urllib.parse
import urllib.request
from typing import Any

from airflow.sdk import Connection, TriggerRule, task
from airflow.sdk.exceptions import AirflowNotFoundException, AirflowTaskTimeout
from clv_tasks import last_line, run_job

log = logging.getLogger("clv")

LONGEST = 1000
"""In characters; a limit of Airflow."""
_SECONDS = 60


@task(task_id="note", trigger_rule=TriggerRule.NONE_FAILED)
def write_note(calendar: list[str], *, ti: Any = None) -> None:
    """Write to the run's note what it plans, or which data it lacks; whatever fails is logged and fails no run."""
    try:
        plan = ti.xcom_pull("plan.plan")
        note = plan["note"] if plan else _not_delivered(calendar)
        log.info("%s", note)
        _replace(_address(ti), note)
    except (Exception, AirflowTaskTimeout) as error:
        log.warning("%s", _unwritten(error))


def add_failure(ti: Any, reason: str) -> None:
    """Add why a task failed to its run's note, in place of an earlier reason of the same task; raises nothing."""
    try:
        address = _address(ti)
        start = f"FAILED {ti.task_id}: "
        before = call("GET", *address)["note"] or ""
        kept = "\n".join(line for line in before.splitlines() if not line.startswith(start))
        failed = f"{start}{reason}"[:LONGEST]
        _replace(address, f"{kept[: max(0, LONGEST - len(failed) - 1)]}\n{failed}".strip())
    except (Exception, AirflowTaskTimeout) as error:
        log.warning("%s", _unwritten(error))


def _not_delivered(calendar: list[str]) -> str:
    """The note of a scheduled run that ended because its month is not delivered in full."""
    delivery = json.loads(last_line(run_job("await_delivery", *calendar, seconds=10 * _SECONDS)))
    missing = delivery["missing"] or "it was not when this run looked"
    return (
        f"Month {delivery['month']} is not delivered in full yet: {missing}. Nothing was changed. "
        "clv_deliveries starts it once it is delivered; if no run of clv_deliveries is waiting, trigger it "
        "with this month."
    )


def _address(ti: Any) -> tuple[str, str]:
    """The URL of a task's run in Airflow's REST API, and a token to use it with."""
    airflow = Connection.get("airflow_api")
    login = {"username": airflow.login, "password": airflow.password}
    token = call("POST", f"{airflow.host}/auth/token", body=login)["access_token"]
    return f"{airflow.host}/api/v2/dags/{ti.dag_id}/dagRuns/{urllib.parse.quote(ti.run_id, safe='')}", token


def _replace(address: tuple[str, str], note: str) -> None:
    call("PATCH", *address, body={"note": note[:LONGEST]})


def _unwritten(error: BaseException) -> str:
    if isinstance(error, AirflowNotFoundException):
        return "No note was written: create the connection 'airflow_api' (host, login, password)"
    if isinstance(error, OSError):
        return f"No note was written: the connection 'airflow_api' does not work: {error}"
    return f"No note was written: {type(error).__name__}: {error}"


def call(method: str, url: str, token: str | None = None, *, body: dict[str, Any] | None = None) -> Any:
    """Call Airflow's REST API."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, content, headers, method=method)
    with urllib.request.urlopen(request, timeout=_SECONDS) as response:
        return json.load(response)
