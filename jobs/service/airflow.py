"""The calls of Airflow's REST API that start and follow a run."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import quote

import httpx

from jobs.core.failure import reason_of
from jobs.service.limits import Slots
from jobs.service.problems import Problem, unavailable
from jobs.service.request_log import log
from jobs.service.settings import AirflowAccess

DAG = "clv_monthly"
_TIMEOUT = httpx.Timeout(10.0, connect=2.0)
"""In seconds; Airflow answers slowly while Spark keeps every core busy."""
_CALLS = 8
"""So many calls wait for Airflow at once, each in a thread. Lookups keep the other threads."""
_MOST_TASKS = 100


class RunExistsError(Exception):
    """There is a run with this id already."""


class Airflow:
    """A session with Airflow's API server as one of its users."""

    def __init__(self, access: AirflowAccess) -> None:
        self._access = access
        self._token: str | None = None
        self._slots = Slots(_CALLS, partial(unavailable, "Airflow does not keep up with the service's requests."))
        self._client = httpx.Client(base_url=access.address, timeout=_TIMEOUT)

    def start(self, dag_run_id: str, conf: dict[str, Any], note: str) -> dict[str, Any]:
        """Start a run.

        Raises:
            RunExistsError: there is a run with this id.
            Problem: Airflow refuses the run, or does not respond.
        """
        body = {"dag_run_id": dag_run_id, "logical_date": None, "conf": conf, "note": note}
        answer = self._call("POST", f"/dags/{DAG}/dagRuns", body)
        if answer.status_code == httpx.codes.CONFLICT:
            raise RunExistsError(dag_run_id)
        if answer.status_code in (httpx.codes.BAD_REQUEST, httpx.codes.UNPROCESSABLE_ENTITY):
            raise Problem(
                422,
                "invalid-run",
                f"Airflow refused the run: {_said(answer)}",
                remedy="Correct the parameters. Nothing was started.",
            )
        return self._read(answer)

    def run(self, dag_run_id: str) -> dict[str, Any] | None:
        """A run; None if there is none."""
        answer = self._call("GET", f"/dags/{DAG}/dagRuns/{quote(dag_run_id, safe='')}")
        return None if answer.status_code == httpx.codes.NOT_FOUND else self._read(answer)

    def is_paused(self) -> bool:
        """Whether the DAG is paused: its runs then wait."""
        return bool(self._read(self._call("GET", f"/dags/{DAG}"))["is_paused"])

    def tasks(self, dag_run_id: str) -> dict[str, str | None]:
        """The state of each task of a run; None for one that waits."""
        path = f"/dags/{DAG}/dagRuns/{quote(dag_run_id, safe='')}/taskInstances?limit={_MOST_TASKS}"
        return {task["task_id"]: task["state"] for task in self._read(self._call("GET", path))["task_instances"]}

    def plan(self, dag_run_id: str) -> dict[str, Any] | None:
        """What the task `plan` returned; None if it has not ended."""
        path = f"/dags/{DAG}/dagRuns/{quote(dag_run_id, safe='')}/taskInstances/plan.plan/xcomEntries/return_value"
        answer = self._call("GET", path)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        value = self._read(answer)["value"]
        return value if isinstance(value, dict) else None

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """Send a request; with a new token if the one that it had is not accepted any more."""
        with self._slots.one():
            return self._sent(method, path, body)

    def _sent(self, method: str, path: str, body: dict[str, Any] | None) -> httpx.Response:
        try:
            for _ in range(2):
                self._token = self._token or self._log_in()
                headers = {"Authorization": f"Bearer {self._token}"}
                answer = self._client.request(method, f"/api/v2{path}", json=body, headers=headers)
                if answer.status_code != httpx.codes.UNAUTHORIZED:
                    return answer
                self._token = None
        except httpx.HTTPError as error:
            log.error("Airflow at CLV_AIRFLOW_URL does not respond: %s", reason_of(error))
            raise unavailable("Airflow does not respond.") from error
        return answer

    def _log_in(self) -> str:
        body = {"username": self._access.user, "password": self._access.password}
        return str(self._read(self._client.post("/auth/token", json=body))["access_token"])

    def _read(self, answer: httpx.Response) -> dict[str, Any]:
        content = _json(answer)
        if not answer.is_success or not isinstance(content, dict):
            asked = f"{answer.request.method} {answer.request.url.path}"
            remedy = _CHECK_USER if answer.status_code in (401, 403) else ""
            log.error("Airflow answered %s to %s%s", answer.status_code, asked, remedy)
            raise unavailable("Airflow refused the service's request.", "Tell the operator.")
        return content


_CHECK_USER = ": check CLV_AIRFLOW_USER and CLV_AIRFLOW_PASSWORD"


def _json(answer: httpx.Response) -> Any:
    """What an answer holds; None if that is no JSON."""
    try:
        return answer.json()
    except ValueError:
        return None


def _said(answer: httpx.Response) -> str:
    """Why Airflow refuses: a text or, of a field each, where it is and what is wrong. What was sent is left out."""
    match _json(answer):
        case {"detail": str(text)}:
            return text
        case {"detail": list(errors)} if all(isinstance(error, dict) for error in errors):
            return "; ".join(f"{'.'.join(map(str, error.get('loc', ())))}: {error.get('msg')}" for error in errors)
    return "it gave no reason"
