"""A client of the service: `with ClvClient("http://127.0.0.1:8000", key) as clv: clv.forecast("12347")`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, TypedDict
from urllib.parse import quote

import httpx

_SECONDS = 30.0
_ATTEMPTS = 3
_FORECASTS = "/v1/forecasts"


Row = Mapping[str, str | float | bool | None]
"""A row in the column names of the shop's files."""


class _Rows(TypedDict):
    customer_id: str
    transactions: Sequence[Row]


class CustomerRows(_Rows, total=False):
    """A customer to forecast: all order lines, and what else is known."""

    profile: Row | None
    logins: Sequence[Row] | None


class ForecastNow(TypedDict):
    """A forecast of twelve months; amounts are decimals in text."""

    months: list[dict[str, str]]
    total: str
    interval: dict[str, str]
    p_active_12m: float
    status: str
    method: str
    reasons: list[str]


class CustomerForecast(TypedDict):
    """A customer's forecast, or why there is none, and what became of the rows."""

    customer_id: str
    forecast: ForecastNow | None
    no_forecast: str | None
    rows: dict[str, Any]


class Forecasts(TypedDict):
    """The answer to a request for forecasts."""

    as_of: str
    data_month: str
    model: dict[str, Any]
    freshness: dict[str, Any]
    customers: list[CustomerForecast]


class ClvError(Exception):
    """The service answered with a problem.

    Attributes:
        problem: its details, as RFC 9457 names them: type, title, status, detail, and errors, remedy, request_id.
    """

    def __init__(self, problem: dict[str, Any]) -> None:
        wrong = "; ".join(f"{error['field']}: {error['message']}" for error in problem.get("errors") or ())
        super().__init__(" ".join(filter(None, (problem.get("detail"), wrong, problem.get("remedy")))))
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

    What is too fast, or finds the service busy or without a model, is tried again after the time that the service asks
    for; a lookup, also where something that it needs does not respond.
    """

    def __init__(self, address: str, key: str, *, attempts: int = _ATTEMPTS) -> None:
        """Connect to the service at an address with an API key."""
        headers = {"Authorization": f"Bearer {key}"}
        self._http = httpx.Client(base_url=address, headers=headers, timeout=_SECONDS)
        self._attempts = attempts

    def forecast(self, customer_id: str, *, as_of: str | None = None, horizon: int | None = None) -> dict[str, Any]:
        """A customer's published forecast."""
        return self._get(f"/v1/customers/{quote(customer_id, safe='')}/forecast", as_of=as_of, horizon=horizon)

    def forecasts(self, customers: Sequence[CustomerRows], *, as_of: str | None = None) -> Forecasts:
        """Forecasts made now from raw rows, of up to 1000 customers, in their order."""
        body: dict[str, Any] = {"customers": list(customers)} | ({"as_of": as_of} if as_of else {})
        answer: Forecasts = self._ask("POST", _FORECASTS, json=body)  # type: ignore[assignment]
        return answer

    def customers(
        self,
        *,
        status: str | None = None,
        tier: int | None = None,
        min_clv: str | None = None,
        page_size: int | None = None,
    ) -> Iterator[dict[str, Any]]:
        """The customers of the newest month, in the order of their ids; pages are fetched as they are needed.

        Raises ClvError of the kind `published-anew` if the month was published again meanwhile: begin again then.
        """
        after: str | None = None
        while True:
            page = self._get("/v1/customers", status=status, tier=tier, min_clv=min_clv, limit=page_size, after=after)
            yield from page["customers"]
            after = page["after"]
            if after is None:
                return

    def totals(
        self,
        *,
        as_of: str | None = None,
        status: str | None = None,
        tier: int | None = None,
        country: str | None = None,
        membership: str | None = None,
        main_department: str | None = None,
    ) -> dict[str, Any]:
        """Totals with intervals of the customers that all filters keep; without one, of all customers."""
        kept = {"status": status, "tier": tier, "country": country}
        kept |= {"membership": membership, "main_department": main_department}
        return self._get("/v1/totals", as_of=as_of, **kept)

    def totals_of(self, customer_ids: Sequence[str], *, as_of: str | None = None) -> dict[str, Any]:
        """Totals with intervals of up to 10,000 customers, and the ids that have no forecast."""
        body = {"customer_ids": list(customer_ids)} | ({"as_of": as_of} if as_of else {})
        return self._ask("POST", "/v1/totals/customers", json=body)

    def accuracy(
        self,
        *,
        horizon: int | None = None,
        segment_by: str | None = None,
        as_of: str | None = None,
        limit: int | None = None,
    ) -> dict[str, Any]:
        """How right the newest forecasts were whose months are over: of twelve months unless `horizon` is given."""
        return self._get("/v1/accuracy", horizon=horizon, segment_by=segment_by, as_of=as_of, limit=limit)

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
        return self._ask("GET", path, params={name: value for name, value in query.items() if value is not None})

    def _ask(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        """The answer to what may be asked twice: it changes nothing."""
        for attempt in range(1, self._attempts + 1):
            answer = self._http.request(method, path, **content)
            wait = answer.headers.get("Retry-After")
            if answer.is_success or wait is None or attempt == self._attempts or not _may_be_asked_again(answer, path):
                break
            time.sleep(float(wait))
        return _read(answer)


def _may_be_asked_again(answer: httpx.Response, path: str) -> bool:
    """Rows that a process ended under are not sent to the next process."""
    return path != _FORECASTS or answer.status_code == httpx.codes.TOO_MANY_REQUESTS or _kind(answer) == "no-model"


def _kind(answer: httpx.Response) -> str:
    return ClvError(_content(answer)).kind


def _read(answer: httpx.Response) -> dict[str, Any]:
    if not answer.is_success:
        raise ClvError(_content(answer))
    return _content(answer)


def _content(answer: httpx.Response) -> dict[str, Any]:
    try:
        content: dict[str, Any] = answer.json()
    except ValueError:
        content = {"detail": f"{answer.status_code} without JSON: is this the service?"}
    return content if answer.is_success else {"status": answer.status_code} | content
