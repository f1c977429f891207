"""What the client asks again by itself, and what it leaves to its caller."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from jobs.service.client import ClvClient, ClvError
from jobs.service.problems import Problem

CUSTOMERS = [{"customer_id": "c", "transactions": []}]


def asked(status: int, kind: str, call: Callable[[ClvClient], object]) -> tuple[int, ClvError]:
    """How often the client asks a service that always answers with a problem, and what it raises."""
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        body = Problem(status, kind, "Not now.", remedy="Wait.").body("1")
        return httpx.Response(status, content=body, headers={"Retry-After": "0"})

    clv = ClvClient("http://service", "key", attempts=3)
    clv._http = httpx.Client(base_url="http://service", transport=httpx.MockTransport(answer))
    with clv, pytest.raises(ClvError) as raised:
        call(clv)
    return len(requests), raised.value


@pytest.mark.parametrize(("status", "kind"), [(429, "busy"), (429, "too-many-requests"), (503, "no-model")])
def test_forecasts_that_were_not_begun_are_asked_for_again(status: int, kind: str) -> None:
    times, error = asked(status, kind, lambda clv: clv.forecasts(CUSTOMERS))
    assert (times, error.kind) == (3, kind)


def test_forecasts_that_failed_under_way_are_not() -> None:
    """What made the process end would end the next one, too."""
    times, error = asked(503, "unavailable", lambda clv: clv.forecasts(CUSTOMERS))
    assert (times, error.kind) == (1, "unavailable")


@pytest.mark.parametrize("call", [lambda clv: clv.forecast("c"), lambda clv: clv.totals_of(["c"])])
def test_a_lookup_is_asked_again(call: Callable[[ClvClient], object]) -> None:
    assert asked(503, "unavailable", call)[0] == 3
