"""Bodies that do not come: they are not waited for without need, nor for long, and keep nobody out."""

from __future__ import annotations

from contextlib import ExitStack

import httpx
import pytest

from jobs.service.client import ClvClient
from tests.conftest import Database
from tests.service.on_request.champions import until
from tests.service.running import problem_of, serving
from tests.service.test_floods import PATH, all_of, connected

HALF_A_BODY = b"POST /v1/runs HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
LONG_BODY = b"POST /v1/forecasts HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n"


def test_bodies_of_strangers_are_not_waited_for(published: Database) -> None:
    with serving(published, in_flight=1) as service, ExitStack() as stack:
        key = service.key("patient", "read")
        strangers = [stack.enter_context(connected(service)) for _ in range(5)]
        for stranger in strangers:
            stranger.sendall(HALF_A_BODY + b"\r\n{")
        assert all(all_of(stranger).startswith(b"HTTP/1.1 401 ") for stranger in strangers)
        assert service.get(PATH, key).status_code == 200


def test_bodies_that_do_not_come_take_no_slot(published: Database) -> None:
    with serving(published, in_flight=1, body_seconds=30.0) as service, connected(service) as slow:
        key = service.key("slow", "read", "operate")
        slow.sendall(HALF_A_BODY + f"Authorization: Bearer {key}\r\n\r\n{{".encode())
        slow.settimeout(0.0)
        with ClvClient(service.address, key, attempts=20) as clv:  # the look-up of the slow one's key takes the slot
            assert clv.forecast("12347")["customer_id"] == "12347"
        with pytest.raises(BlockingIOError):
            slow.recv(1)


def test_a_body_that_does_not_come_is_given_up(published: Database) -> None:
    with serving(published, body_seconds=0.2) as service, connected(service) as slow:
        key = service.key("late", "operate")
        slow.sendall(HALF_A_BODY + f"Authorization: Bearer {key}\r\n\r\n{{".encode())
        answer = all_of(slow)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"urn:clv:problem:too-slow" in answer
    assert b"connection: close" in answer


def test_a_body_that_the_key_may_not_send_is_not_waited_for(published: Database) -> None:
    with serving(published, body_seconds=30.0) as service, connected(service) as curious:
        curious.sendall(LONG_BODY + f"Authorization: Bearer {service.key('curious', 'read')}\r\n\r\n{{".encode())
        assert all_of(curious).startswith(b"HTTP/1.1 403 ")


def test_few_long_bodies_arrive_at_once(published: Database) -> None:
    with serving(published, body_seconds=30.0, forecasts_waiting=0, burst=10_000) as service:
        key = service.key("hoarder", "forecast", "read")

        def post() -> httpx.Response:
            return service.request("POST", "/v1/forecasts", key, content=b"{}")

        with connected(service) as slow:
            slow.sendall(LONG_BODY + f"Authorization: Bearer {key}\r\n\r\n{{".encode())
            until(lambda: post().status_code == 429)
            problem_of(post(), 429, "busy")
            assert service.get(PATH, key).status_code == 200
        until(lambda: post().status_code == 503)
