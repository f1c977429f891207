"""The note of a run: its data month, which the run id does not show, and what it plans to do."""

import json
import urllib.parse
import urllib.request
from typing import Any

from airflow.sdk import Connection, task
from airflow.sdk.exceptions import AirflowNotFoundException


@task(task_id="note")
def write_note(*, ti: Any = None, dag_run: Any = None) -> None:
    """Write the plan's note to the run; log a failure instead of raising it."""
    note = ti.xcom_pull("plan.plan")["note"]
    print(note)  # noqa: T201 - the task's log
    try:
        airflow = Connection.get("airflow_api")
        login = {"username": airflow.login, "password": airflow.password}
        token = call("POST", f"{airflow.host}/auth/token", login)["access_token"]
        run = f"{airflow.host}/api/v2/dags/{dag_run.dag_id}/dagRuns/{urllib.parse.quote(dag_run.run_id, safe='')}"
        call("PATCH", run, {"note": note}, Authorization=f"Bearer {token}")
    except AirflowNotFoundException:
        print("No note was written: create the connection 'airflow_api' (host, login, password)")  # noqa: T201
    except OSError as error:
        print(f"No note was written: the connection 'airflow_api' does not work: {error}")  # noqa: T201


def call(method: str, url: str, body: dict[str, Any], **headers: str) -> Any:
    """Call Airflow's REST API."""
    headers["Content-Type"] = "application/json"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)
