"""A client of the service: `with ClvClient("http://127.0.0.1:8000", key) as clv: clv.forecast("12347")`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any
from urllib.parse import quote

import httpx

_SECONDS = 30.0
_ATTEMPTS = 3


class ClvError(Exception):
    """The service answered with a problem.

    Attributes:
        problem: its details, as RFC 9457 names them: type, title, status, detail, and errors, remedy, request_id.
    """

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(f"{problem.get('detail')} {problem.get('remedy', '')}".strip())
        self.problem = problem

    @property
    def status(self) -> int:
        """The HTTP status."""
        return int(self.problem["status"])

    @property
    def kind(self) -> str:
        """The last part of the problem's type, for example `unknown-customer`."""
        return str(self.problem.get("type", "")).rpartition(":")[2]


class ClvClient:
    """A session with the service. Every method raises ClvError for a problem.

    A lookup that is too fast, or finds the service busy, is tried again after the time that the service asks for.
    """

    def __init__(self, address: str, key: str, *, attempts: int = _ATTEMPTS) -> None:
        """Connect to the service at an address with an API key."""
        headers = {"Authorization": f"Bearer {key}"}
        self._http = httpx.Client(base_url=address, headers=headers, timeout=_SECONDS)
        self._attempts = attempts

    def forecast(self, customer_id: str, *, as_of: str | None = None, horizon: int | None = None) -> dict[str, Any]:
        """A customer's published forecast."""
        return self._get(f"/v1/customers/{quote(customer_id, safe='')}/forecast", as_of=as_of, horizon=horizon)

    def customers(
        self, *, status: str | None = None, min_clv: str | None = None, page_size: int | None = None
    ) -> Iterator[dict[str, Any]]:
        """The customers of the newest month, in the order of their ids; pages are fetched as they are needed.

        Raises ClvError of the kind `published-anew` if the month was published again meanwhile: begin again then.
        """
        after: str | None = None
        while True:
            page = self._get("/v1/customers", status=status, min_clv=min_clv, limit=page_size, after=after)
            yield from page["customers"]
            after = page["after"]
            if after is None:
                return

    def champion(self) -> dict[str, Any]:
        """The model that is live, and how it was judged."""
        return self._get("/v1/models/champion")

    def start_run(self, month: str, *, idempotency_key: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Start a run of a month; `dry_run=True` only plans it. A second call with the same key starts nothing."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return _read(self._http.post("/v1/runs", json={"month": month, **parameters}, headers=headers))

    def run(self, dag_run_id: str) -> dict[str, Any]:
        """How a run goes."""
        return self._get(f"/v1/runs/{quote(dag_run_id, safe='')}")

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> ClvClient:
        """The client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def _get(self, path: str, **query: Any) -> dict[str, Any]:
        given = {name: value for name, value in query.items() if value is not None}
        for attempt in range(1, self._attempts + 1):
            answer = self._http.get(path, params=given)
            wait = answer.headers.get("Retry-After")
            if answer.is_success or wait is None or attempt == self._attempts:
                break
            time.sleep(float(wait))
        return _read(answer)


def _read(answer: httpx.Response) -> dict[str, Any]:
    try:
        content: dict[str, Any] = answer.json()
    except ValueError:
        content = {"status": answer.status_code, "detail": f"{answer.status_code} without JSON: is this the service?"}
    if not answer.is_success:
        raise ClvError({"status": answer.status_code} | content)
    return content
