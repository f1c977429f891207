"""Airflow's REST API, through the connection `airflow_api`."""

import json
import urllib.parse
import urllib.request
from http import HTTPStatus
from typing import Any

from airflow.sdk import Connection

SECONDS = 60


def airflow_api() -> tuple[str, str]:
    """Its URL, and a token to use it with."""
    airflow = Connection.get("airflow_api")
    login = {"username": airflow.login, "password": airflow.password}
    return f"{airflow.host}/api/v2", call("POST", f"{airflow.host}/auth/token", body=login)["access_token"]


def run_url(api: str, dag_id: str, run_id: str) -> str:
    """The URL of a run."""
    return f"{api}/dags/{dag_id}/dagRuns/{urllib.parse.quote(run_id, safe='')}"


def call(method: str, url: str, token: str | None = None, *, body: dict[str, Any] | None = None) -> Any:
    """Call it; the answer, which is None if it has no content."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, content, headers, method=method)
    with urllib.request.urlopen(request, timeout=SECONDS) as response:
        return None if response.status == HTTPStatus.NO_CONTENT else json.load(response)
