"""Callers who want to keep others out: keys that are guessed, heads that do not come, a slow Airflow."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest

from jobs.service import access, airflow, health
from jobs.service.database import pool
from jobs.service.keys import ApiKey, revoke_key
from jobs.service.settings import AirflowAccess
from jobs.service.valid_keys import ValidKeys
from tests.conftest import Database
from tests.service.running import Service, problem_of, serving

PATH = "/v1/customers/12347/forecast"


def connected(service: Service) -> socket.socket:
    host, port = service.address.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=20)


def all_of(connection: socket.socket) -> bytes:
    """What comes until the service closes the connection."""
    parts = iter(lambda: connection.recv(65536), b"")
    return b"".join(parts)


@pytest.fixture
def lookups(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys that were looked up in the database."""
    asked: list[str] = []
    look_up = access._look_up

    def counted(database: object, presented: str) -> object:
        asked.append(presented)
        return look_up(database, presented)

    monkeypatch.setattr(access, "_look_up", counted)
    return asked


@pytest.mark.parametrize("begun", [b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\n"], ids=["nothing", "half a head"])
def test_heads_that_do_not_come_are_given_up_and_keep_nobody_out(published: Database, begun: bytes) -> None:
    with serving(published, head_seconds=2.0) as service, ExitStack() as stack:
        key = service.key(f"quick-{len(begun)}", "read")
        idle = [stack.enter_context(connected(service)) for _ in range(200)]
        for connection in idle:
            connection.sendall(begun)
        assert [service.get(path, key).status_code for path in ("/healthz", "/readyz", PATH)] == [200] * 3
        assert {all_of(connection) for connection in idle} == {b""}


def test_a_connection_that_is_used_again_is_not_given_up(published: Database) -> None:
    half = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
    with serving(published, head_seconds=0.5) as service, connected(service) as connection:
        for _ in range(2):
            connection.sendall(half + b"\r\n")
            answer = b""
            while not answer.endswith(b'{"status":"ok"}'):
                answer += connection.recv(65536)
            time.sleep(0.7)
        connection.sendall(half)
        assert all_of(connection) == b""


def test_guessed_keys_do_not_reach_the_database_and_slow_no_known_caller_down(
    published: Database, lookups: list[str]
) -> None:
    with serving(published, strangers_per_second=0.01, strangers_burst=5) as service:
        key, later = service.key("known", "read"), service.key("later", "read")
        assert service.get(PATH, key).status_code == 200
        guesses = [f"{key[:-4]}{number:04d}" for number in range(10)]
        answers = [service.get(PATH, guess) for guess in guesses]
        looked_up = len(lookups)
        assert [answer.status_code for answer in answers] == [401] * 4 + [429] * 6
        problem_of(answers[-1], 429, "too-many-requests")
        assert looked_up == 1 + 4
        assert service.get(PATH, key).status_code == 200
        assert service.get(PATH, later).status_code == 429


def test_a_proxy_that_is_named_tells_callers_apart(published: Database) -> None:
    with serving(published, proxies="127.0.0.1", strangers_per_second=0.01, strangers_burst=2) as service:
        guess = f"clv_{'0' * 16}_{'x' * 43}"
        statuses = [
            service.get(PATH, guess, headers={"X-Forwarded-For": address}).status_code
            for address in ["192.0.2.1"] * 3 + ["192.0.2.2"]
        ]
    assert statuses == [401, 401, 429, 401]


def test_what_is_no_key_is_refused_without_a_look_up(published: Database, lookups: list[str]) -> None:
    with serving(published) as service:
        for headers in ({}, {"Authorization": "Bearer clv_guess"}, {"Authorization": "Basic YTpi"}):
            problem_of(service.get(PATH, headers=headers), 401, "unauthorised")
    assert lookups == []


def test_a_key_over_its_rate_is_not_looked_up(published: Database, lookups: list[str]) -> None:
    with serving(published, requests_per_second=0.01, burst=2) as service:
        key = service.key("fast-one", "read")
        assert [service.get(PATH, key).status_code for _ in range(5)] == [200, 200, 429, 429, 429]
    assert lookups == [key, key]


def test_a_revoked_key_is_a_stranger_again(published: Database) -> None:
    with serving(published, strangers_per_second=0.01, strangers_burst=2) as service:
        key = service.key("leaving", "read")
        assert service.get(PATH, key).status_code == 200
        revoke_key(published.owner, key.split("_")[1])
        assert [service.get(PATH, key).status_code for _ in range(3)] == [401, 401, 429]


def test_a_key_that_was_looked_up_a_moment_ago_is_not_looked_up_again(published: Database, lookups: list[str]) -> None:
    with serving(published, key_seconds=1000.0) as service:
        key = service.key("cached", "read")
        assert [service.get(PATH, key).status_code for _ in range(3)] == [200] * 3
    assert lookups == [key]


def test_a_look_up_counts_for_its_time_from_when_it_began() -> None:
    now, key = [100.0], ApiKey(key_id="0", name="known")
    keys = ValidKeys(2.0, clock=lambda: now[0])
    assert keys.recent(b"a") is None
    keys.keep(b"a", key, 99.0)
    assert (keys.recent(b"a"), keys.recent(b"b")) == (key, None)
    now[0] = 101.0
    assert (keys.recent(b"a"), b"a" in keys) == (None, True)
    keys.keep(b"a", None, 101.0)
    assert (keys.recent(b"a"), b"a" in keys) == (None, False)


def test_a_stranger_is_told_of_no_field_and_a_caller_of_twenty_at_most(published: Database) -> None:
    with serving(published) as service:
        reader = service.key("curious", "read")
        unknown = "&".join(f"x{number}=1" for number in range(300))
        problem_of(service.get(f"/v1/customers?{unknown}"), 401, "unauthorised")
        problem = problem_of(service.get(f"/v1/customers?{unknown}", reader), 422, "invalid-request")
        assert len(problem["errors"]) == 20


def test_readiness_is_looked_up_once_in_a_while(published: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[object] = []
    look = health._look
    monkeypatch.setattr(health, "_look", lambda context: looks.append(context) or look(context))
    with serving(published, ready_seconds=1000.0) as service, ThreadPoolExecutor(5) as callers:
        answers = list(callers.map(lambda _: service.get("/readyz"), range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(looks) == 1


@contextmanager
def silent_server(callers: int) -> Iterator[tuple[str, threading.Event, Callable[[], None]]]:
    """The address of a server that answers nobody, whether so many have called, and what hangs up on them."""
    have_called = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server, ExitStack() as stack:

        def accept() -> None:
            for _ in range(callers):
                stack.enter_context(server.accept()[0])
            have_called.set()

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", have_called, stack.close


def test_an_airflow_that_hangs_takes_few_threads(published: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(airflow, "_CALLS", 2)
    with silent_server(2) as (address, have_called, hang_up):
        usual = AirflowAccess(address=address, user="api", password="right")
        with serving(published, airflow=usual) as service, ThreadPoolExecutor(2) as callers:
            key = service.key("stuck", "read", "operate")
            stuck = [callers.submit(service.get, "/v1/runs/api__stuck__1", key) for _ in range(2)]
            assert have_called.wait(20)
            refused = service.get("/v1/runs/api__stuck__1", key)
            problem = problem_of(refused, 503, "unavailable")
            assert problem["detail"] == "Airflow does not keep up with the service's requests."
            assert refused.headers["retry-after"] == "2"
            assert service.get(PATH, key).status_code == 200
            hang_up()
            details = [problem_of(call.result(), 503, "unavailable")["detail"] for call in stuck]
    assert details == ["Airflow does not respond."] * 2


def test_a_database_whose_machine_is_gone_is_noticed(published: Database) -> None:
    engine = pool(published.api_url, connections=1)
    with engine.connect() as connection:
        asked = connection.connection.dbapi_connection.get_dsn_parameters()
    engine.dispose()
    assert int(asked["tcp_user_timeout"]) == 10_000
    silent = int(asked["keepalives_idle"]) + int(asked["keepalives_count"]) * int(asked["keepalives_interval"])
    assert (asked["keepalives"], silent, asked["connect_timeout"]) == ("1", 11, "3")
