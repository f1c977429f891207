"""What comes over a connection but is no request in time, or more than one: it is bounded, and mixes nothing up."""

from __future__ import annotations

import time

import pytest

from tests.conftest import Database
from tests.service.running import serving
from tests.service.test_floods import PATH, all_of, connected

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
LAST = b"Connection: close\r\n\r\n"
REFUSED = b"HTTP/1.1 400 "


@pytest.mark.parametrize(
    "begun",
    [
        b"GET /" + b"x" * 40_000,
        HEALTH + b"X-Long: " + b"x" * 40_000,
        HEALTH + b"X: y\r\n" * 7_000,
        b"\r\n" * 20_000,
    ],
    ids=["path", "header", "headers", "empty lines"],
)
def test_a_head_without_an_end_is_refused(published: Database, begun: bytes) -> None:
    with serving(published, head_seconds=60.0) as service, connected(service) as connection:
        connection.sendall(begun)
        assert REFUSED in all_of(connection)


def test_a_second_head_without_an_end_is_refused(published: Database) -> None:
    with serving(published, head_seconds=60.0) as service, connected(service) as connection:
        connection.sendall(HEALTH + b"\r\n" + HEALTH)
        time.sleep(0.2)
        connection.sendall(b"X-Long: " + b"x" * 40_000)
        assert REFUSED in all_of(connection)


def test_headers_without_an_end_after_a_body_are_refused(published: Database) -> None:
    with serving(published, body_seconds=60.0) as service, connected(service) as connection:
        key = service.key("trailing", "operate")
        head = f"POST /v1/runs HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nAuthorization: Bearer {key}\r\n\r\n"
        connection.sendall(head.encode() + b"1\r\n{\r\n0\r\n")
        time.sleep(0.2)
        connection.sendall(b"X: " + b"y" * 40_000)
        assert all_of(connection).startswith(REFUSED)


def test_empty_lines_are_no_head(published: Database) -> None:
    with serving(published, head_seconds=0.5) as service, connected(service) as connection:
        connection.sendall(HEALTH + b"\r\n")
        time.sleep(0.2)
        connection.sendall(b"\r\n")
        assert all_of(connection).count(b"HTTP/1.1 200 OK") == 1


def test_requests_that_come_at_once_are_answered_in_their_order(published: Database) -> None:
    with serving(published, head_seconds=0.5) as service, connected(service) as connection:
        key = service.key("at-once", "read")
        lookup = f"GET {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n".encode()
        connection.sendall((lookup + b"\r\n") * 3 + HEALTH + LAST)
        answers = all_of(connection)
    assert answers.count(b"HTTP/1.1 200 OK") == 4
    assert answers.endswith(b'{"status":"ok"}')


def test_half_a_head_behind_a_request_is_given_up_after_its_answer(published: Database) -> None:
    with serving(published, head_seconds=0.5) as service, connected(service) as connection:
        connection.sendall(HEALTH + b"\r\n" + HEALTH)
        assert all_of(connection).count(b"HTTP/1.1 200 OK") == 1


def test_more_requests_at_once_than_anybody_sends_are_refused(published: Database) -> None:
    with serving(published) as service, connected(service) as connection:
        connection.sendall((HEALTH + b"\r\n") * 150)
        assert REFUSED in all_of(connection)
        assert service.get("/healthz").status_code == 200


def test_another_protocol_is_not_spoken_and_the_connection_is_closed(published: Database) -> None:
    with serving(published) as service, connected(service) as connection:
        connection.sendall(HEALTH + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
        answer = all_of(connection)
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b"connection: close" in answer
