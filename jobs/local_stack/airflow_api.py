"""A small client of Airflow's public REST API: the calls that the stack and `make run` need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

_TIMEOUT_SECONDS = 120
_HEALTH_TIMEOUT_SECONDS = 10


class AirflowAnswerError(RuntimeError):
    """Airflow refused a request."""


@dataclass
class AirflowApi:
    """A session with Airflow's API server as one of its users."""

    address: str
    user: str
    password: str
    _token: str | None = None

    def get(self, path: str, **query: Any) -> Any:
        """GET `/api/v2<path>`."""
        return self._call("GET", path, params=query)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """POST `/api/v2<path>`."""
        return self._call("POST", path, json=body)

    def patch(self, path: str, body: dict[str, Any]) -> Any:
        """PATCH `/api/v2<path>`."""
        return self._call("PATCH", path, json=body)

    def is_healthy(self) -> bool:
        """Whether the API server responds and reports scheduler, triggerer and DAG processor as healthy."""
        try:
            answer = requests.get(f"{self.address}/api/v2/monitor/health", timeout=_HEALTH_TIMEOUT_SECONDS)
        except (requests.ConnectionError, requests.Timeout):
            return False
        return answer.ok and all(part["status"] == "healthy" for part in answer.json().values())

    def exists(self, path: str) -> bool:
        """Whether GET `/api/v2<path>` returns a resource (not 404)."""
        return bool(self._request("GET", path).status_code != requests.codes.not_found)

    def _call(self, method: str, path: str, **arguments: Any) -> Any:
        answer = self._request(method, path, **arguments)
        if not answer.ok:
            raise AirflowAnswerError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def _request(self, method: str, path: str, **arguments: Any) -> requests.Response:
        if self._token is None:
            self._token = self._log_in()
        headers = {"Authorization": f"Bearer {self._token}"}
        url = f"{self.address}/api/v2{path}"
        return requests.request(method, url, headers=headers, timeout=_TIMEOUT_SECONDS, **arguments)

    def _log_in(self) -> str:
        body = {"username": self.user, "password": self.password}
        answer = requests.post(f"{self.address}/auth/token", json=body, timeout=_TIMEOUT_SECONDS)
        if not answer.ok:
            raise AirflowAnswerError(f"login as {self.user}: {answer.status_code} {answer.text}")
        return str(answer.json()["access_token"])
