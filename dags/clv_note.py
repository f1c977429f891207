"""The note of a run: its data month, which the run id does not show, what it plans to do, and what failed."""

import json
import logging
from typing import Any

from airflow.sdk import TriggerRule, task
from airflow.sdk.exceptions import AirflowNotFoundException, AirflowTaskTimeout
from clv_airflow_api import SECONDS, airflow_api, call, run_url
from clv_tasks import last_line, run_job

log = logging.getLogger("clv")

LONGEST = 1000
"""In characters; a limit of Airflow."""


@task(task_id="note", trigger_rule=TriggerRule.NONE_FAILED)
def write_note(calendar: list[str], *, ti: Any = None) -> None:
    """Write to the run's note what it plans, or which data it lacks; whatever fails is logged and fails no run."""
    try:
        plan = ti.xcom_pull("plan.plan")
        note = plan["note"] if plan else _not_delivered(calendar)
        log.info("%s", note)
        set_note(ti, note)
    except (Exception, AirflowTaskTimeout) as error:
        log.warning("%s", _unwritten(error))


def set_note(ti: Any, note: str) -> None:
    """Replace the note of a task's run."""
    _replace(_address(ti), note)


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
    delivery = json.loads(last_line(run_job("await_delivery", *calendar, seconds=10 * SECONDS)))
    missing = delivery["missing"] or "it was not when this run looked"
    return (
        f"Month {delivery['month']} is not delivered in full yet: {missing}. Nothing was changed. "
        "clv_deliveries starts it once it is delivered; if no run of clv_deliveries is waiting, trigger it "
        "with this month."
    )


def _address(ti: Any) -> tuple[str, str]:
    """The URL of a task's run in Airflow's REST API, and a token to use it with."""
    api, token = airflow_api()
    return run_url(api, ti.dag_id, ti.run_id), token


def _replace(address: tuple[str, str], note: str) -> None:
    call("PATCH", *address, body={"note": note[:LONGEST]})


def _unwritten(error: BaseException) -> str:
    if isinstance(error, AirflowNotFoundException):
        return "No note was written: create the connection 'airflow_api' (host, login, password)"
    if isinstance(error, OSError):
        return f"No note was written: the connection 'airflow_api' does not work: {error}"
    return f"No note was written: {type(error).__name__}: {error}"
