"""Old runs of the clv DAGs leave Airflow: their rows through its REST API, their logs from the worker's folder."""

import logging
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from shutil import rmtree
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode

from airflow.sdk import task
from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import AirflowException
from clv_airflow_api import airflow_api, call, run_url
from clv_note import set_note

log = logging.getLogger("clv")

_AT_ONCE = 100
_GONE_OR_RUNNING = {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}
"""The answers to the removal of a run that somebody has just removed, or started again."""


@task
def remove_old_runs(*, ti: Any = None) -> None:
    """Remove runs that ended before the time of which `maintain` keeps everything, with the logs that lie here.

    The log and the run's note say how many.
    """
    maintained = ti.xcom_pull("maintain")
    if maintained is None:
        raise AirflowException("nothing was removed: clear the task maintain, which says what is to be kept")
    since = datetime.fromisoformat(maintained["kept_since"]).replace(tzinfo=UTC)
    logs = Path(conf.get("logging", "base_log_folder"))
    removed = 0
    try:
        api, token = airflow_api()
        for dag_id in _our_dags(api, token):
            removed += _remove_runs(api, token, dag_id, since, logs)
    except HTTPError as error:
        reason = f"{error}; the user of the connection 'airflow_api' must be allowed to read DAGs and delete their runs"
        raise AirflowException(f"Airflow's REST API did not remove old runs: {error.url}: {reason}") from error
    said = f"This attempt has removed {removed} runs from Airflow that ended before {since.date()}"
    log.info("%s", said)
    set_note(ti, said)


def _our_dags(api: str, token: str) -> list[str]:
    """The DAGs of this repository: others may share its tag, or the start of its names."""
    dags = call("GET", f"{api}/dags?tags=clv&limit={_AT_ONCE}", token)["dags"]
    return [dag["dag_id"] for dag in dags if dag["owners"] == ["clv"] and dag["dag_id"].startswith("clv_")]


def _remove_runs(api: str, token: str, dag_id: str, before: datetime, logs: Path) -> int:
    """Remove what ended before a time; how many runs."""
    query = urlencode({"end_date_lt": before.isoformat(), "order_by": "end_date", "limit": _AT_ONCE})
    removed = 0
    while runs := call("GET", f"{api}/dags/{dag_id}/dagRuns?{query}", token)["dag_runs"]:
        gone = [run["dag_run_id"] for run in runs if _remove(run_url(api, dag_id, run["dag_run_id"]), token)]
        for run_id in gone:
            rmtree(logs / f"dag_id={dag_id}" / f"run_id={run_id}", ignore_errors=True)
        removed += len(gone)
        if not gone:
            break
    return removed


def _remove(run: str, token: str) -> bool:
    try:
        call("DELETE", run, token)
    except HTTPError as error:
        if error.code in _GONE_OR_RUNNING:
            return False
        raise
    return True
