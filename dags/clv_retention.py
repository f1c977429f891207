"""Old runs of the clv DAGs leave Airflow: their rows through its REST API, their logs from its folder of logs."""

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from airflow.sdk import task
from airflow.sdk.configuration import conf
from clv_airflow_api import airflow_api, call, run_url
from clv_note import set_note

log = logging.getLogger("clv")

TAG = "clv"
"""What all DAGs of this repository are tagged with."""

_AT_ONCE = 100


@task
def remove_old_runs(*, ti: Any = None) -> None:
    """Remove runs that ended before the time of which `maintain` keeps everything, and logs last written before it.

    The log and the run's note say how many.
    """
    since = datetime.fromisoformat(ti.xcom_pull("maintain")["kept_since"]).replace(tzinfo=UTC)
    runs = _remove_runs(since)
    logs = _remove_logs(Path(conf.get("logging", "base_log_folder")), since)
    said = f"Removed from Airflow what ended before {since.date()}: {runs} runs and {logs} files of logs"
    log.info("%s", said)
    set_note(ti, said)


def _remove_runs(before: datetime) -> int:
    api, token = airflow_api()
    removed = 0
    for dag in call("GET", f"{api}/dags?tags={TAG}", token)["dags"]:
        query = urlencode({"end_date_lt": before.isoformat(), "order_by": "end_date", "limit": _AT_ONCE})
        while runs := call("GET", f"{api}/dags/{dag['dag_id']}/dagRuns?{query}", token)["dag_runs"]:
            for run in runs:
                call("DELETE", run_url(api, dag["dag_id"], run["dag_run_id"]), token)
            removed += len(runs)
    return removed


def _remove_logs(folder: Path, before: datetime) -> int:
    """Remove files, and then the folders that are empty."""
    logs = [path for path in folder.glob("dag_id=clv_*/**/*") if path.is_file()]
    old = [path for path in logs if path.stat().st_mtime < before.timestamp()]
    for path in old:
        path.unlink()
        for parent in path.parents:
            if parent == folder or any(parent.iterdir()):
                break
            parent.rmdir()
    return len(old)
