"""What the service bears: rates, sizes, times, errors; and what it tells, answers and logs."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, text

from jobs.service import champion
from jobs.service.database import row
from jobs.service.limits import TokenBuckets
from jobs.service.request_log import _Json
from tests.conftest import Database
from tests.service.running import Service, problem_of, serving

PATH = "/v1/customers/12347/forecast"
CHAMPION = "/v1/models/champion"


def test_a_bucket_fills_again_and_holds_no_more_than_the_burst() -> None:
    now = [0.0]
    buckets = TokenBuckets(per_second=2, burst=3, clock=lambda: now[0])
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert buckets.take("b") == 0
    now[0] = 0.5
    assert [buckets.take("a") for _ in range(2)] == [0, 0.5]
    now[0] = 1000.0
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 0.5]


def test_buckets_take_no_more_memory_than_allowed() -> None:
    buckets = TokenBuckets(per_second=1, burst=1, clock=lambda: 0.0, most=10)
    assert all(buckets.take(str(number)) == 0 for number in range(1000))
    assert len(buckets._buckets) == 10


def test_a_key_that_is_too_fast_waits_and_others_do_not(published: Database) -> None:
    with serving(published, requests_per_second=0.01, burst=2) as service:
        fast, slow = service.key("fast", "read"), service.key("slow", "read")
        assert [service.get(PATH, fast).status_code for _ in range(3)] == [200, 200, 429]
        answer = service.get(PATH, fast)
        problem_of(answer, 429, "too-many-requests")
        assert 1 <= int(answer.headers["retry-after"]) <= 100
        assert service.get(PATH, slow).status_code == 200


@pytest.mark.parametrize("is_announced", [True, False])
def test_a_long_body_is_refused(service: Service, reader: str, is_announced: bool) -> None:
    body = b'"' + b"x" * 70_000 + b'"'
    content = body if is_announced else iter([body[:30_000], body[30_000:]])
    key, headers = service.key(f"writer-{uuid4().hex[:8]}", "operate"), {"Content-Type": "application/json"}
    answer = service.request("POST", "/v1/runs", key, content=content, headers=headers)
    problem_of(answer, 413, "too-large")
    assert service.get(PATH, reader).status_code == 200


def test_a_long_head_is_refused(service: Service, reader: str) -> None:
    problem_of(service.get(f"{PATH}?as_of={'y' * 20_000}", reader), 431, "too-large")
    problem_of(service.get(PATH, reader, headers={"X-Long": "y" * 20_000}), 431, "too-large")


def test_an_answer_that_takes_too_long_is_given_up(published: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    read = row
    monkeypatch.setattr(champion, "row", lambda *given: go_on.wait(20) and read(*given))
    with serving(published, request_seconds=0.3) as service:
        key = service.key("hasty", "read")
        problem = problem_of(service.get(CHAMPION, key), 503, "unavailable")
        assert problem["detail"] == "The answer took too long."
        go_on.set()
        assert service.get(PATH, key).status_code == 200


@pytest.fixture
def full(published: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """A service whose only slot is taken, and what frees it: `with full(**settings) as (service, key, free)`."""
    go_on, is_waiting = threading.Event(), threading.Event()
    read = row

    def wait(connection: Connection, name: str) -> object:
        is_waiting.set()
        go_on.wait(20)
        return read(connection, name)

    @contextmanager
    def taken(**settings: Any) -> Iterator[tuple[Service, str, threading.Event]]:
        with serving(published, in_flight=1, **settings) as service, ThreadPoolExecutor() as callers:
            key = service.key(f"crowd-{uuid4().hex[:8]}", "read")
            first = callers.submit(service.get, CHAMPION, key)
            assert is_waiting.wait(20)
            yield service, key, go_on
            go_on.set()
            assert first.result().status_code == 200
            assert service.get(PATH, key).status_code == 200

    monkeypatch.setattr(champion, "row", wait)
    yield taken
    go_on.set()


def test_a_request_that_finds_no_slot_waits_for_one(full: Callable[..., Any]) -> None:
    with full(wait_seconds=20.0) as (service, key, free), ThreadPoolExecutor() as callers:
        waiting = callers.submit(service.get, PATH, key)
        assert [service.get(path).status_code for path in ("/healthz", "/readyz", "/metrics")] == [200] * 3
        free.set()
        assert waiting.result().status_code == 200


@pytest.mark.parametrize(
    "limits", [{"wait_seconds": 0.1}, {"under_way": 1, "wait_seconds": 20.0}], ids=["time", "places"]
)
def test_what_waited_for_too_long_or_finds_too_many_under_way_comes_again(
    full: Callable[..., Any], limits: dict[str, Any]
) -> None:
    with full(**limits) as (service, key, _):
        refused = service.get(PATH, key)
        problem_of(refused, 429, "busy")
        assert refused.headers["retry-after"] == "1"
        assert [service.get(path).status_code for path in ("/healthz", "/readyz", "/metrics")] == [200] * 3


def test_too_many_under_way_are_refused_before_their_key_is_looked_at(full: Callable[..., Any]) -> None:
    with full(under_way=1) as (service, _, _):
        problem_of(service.get(PATH), 429, "busy")
        metrics = service.get("/metrics").text
    assert 'clv_api_requests_total{method="GET",path="not looked at",status="429"} 1' in metrics.splitlines()


def test_a_defect_tells_the_caller_nothing_and_the_log_everything(
    service: Service, reader: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(f"row of customer 12347: worth {47}{11}")

    monkeypatch.setattr(champion, "row", fail)
    with caplog.at_level(logging.INFO, "clv.service"):
        answer = service.get(CHAMPION, reader)
    problem = problem_of(answer, 500, "internal-error")
    assert "RuntimeError" not in answer.text
    [logged] = [json.loads(_Json().format(record)) for record in caplog.records if record.levelname == "ERROR"]
    assert logged["request_id"] == problem["request_id"]
    assert "test_limits.py" in logged["traceback"]
    assert "4711" not in json.dumps(logged)
    assert service.get(PATH, reader).status_code == 200


def test_a_log_line_names_the_key_and_the_path_but_no_customer(
    service: Service, reader: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        service.get(f"{PATH}?as_of=2011-12-01", reader, headers={"X-Request-ID": "mine-1"})
        service.get("/v1/customers/geheim/forecast", reader)
        service.get("/v1/customers/geheim", reader)
        # A request is logged after its answer was sent.
        while len([record for record in caplog.records if record.name == "clv.service"]) < 3:
            time.sleep(0.01)
    ours = [json.loads(_Json().format(record)) for record in caplog.records if record.name == "clv.service"]
    assert not [record for record in caplog.records if record.name.startswith("uvicorn.access")]
    template = "/v1/customers/{customer_id:path}/forecast"
    assert [(line["path"], line["status"]) for line in ours] == [
        (template, 200),
        (template, 404),
        ("no such path", 404),
    ]
    assert ours[0] | {"time": "", "milliseconds": 0} == {
        **{"time": "", "level": "info", "logger": "clv.service", "event": "answered", "milliseconds": 0},
        **{"request_id": "mine-1", "key": "reader", "method": "GET", "path": template, "status": 200},
    }
    assert not [line for line in map(json.dumps, ours) if "12347" in line or "geheim" in line or reader in line]


@pytest.mark.parametrize("path", ["/", "/v1", "/v2/customers", "/v1/customers/", "/v1/customers/12347", "/redoc"])
def test_other_paths_are_a_problem(service: Service, reader: str, path: str) -> None:
    problem_of(service.get(path, reader), 404, "no-such-path")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_a_problem(service: Service, reader: str, method: str) -> None:
    answer = service.request(method, "/v1/customers", reader)
    assert "GET" in problem_of(answer, 405, "method-not-allowed")["remedy"]
    assert answer.headers["allow"] == "GET"


def test_no_other_site_may_ask_from_a_browser(service: Service, reader: str) -> None:
    origin = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "GET"}
    for answer in (
        service.request("OPTIONS", PATH, headers=origin),
        service.get(PATH, reader, headers=origin),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
    assert service.request("OPTIONS", PATH, headers=origin).status_code == 405


def test_the_connections_are_bounded(database: Database) -> None:
    with serving(database, connections=2, requests_per_second=1000, burst=1000) as service:
        key = service.key("many", "read")
        threads = [threading.Thread(target=service.get, args=(PATH, key)) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'clv-service' AND datname = :name"
        with database.owner.connect() as connection:
            name = connection.execute(text("SELECT current_database()")).scalar_one()
            assert 1 <= connection.execute(text(count), {"name": name}).scalar_one() <= 2


def test_metrics_count_answers_by_template(published: Database) -> None:
    with serving(published) as service:
        key = service.key("measured", "read")
        service.get(PATH, key)
        service.get(PATH)
        service.get("/nothing")
        answer = service.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    template = 'path="/v1/customers/{customer_id:path}/forecast"'
    lines = answer.text.splitlines()
    assert f'clv_api_requests_total{{method="GET",{template},status="200"}} 1' in lines
    assert f'clv_api_requests_total{{method="GET",{template},status="401"}} 1' in lines
    assert 'clv_api_requests_total{method="GET",path="no such path",status="404"} 1' in lines
    assert f'clv_api_request_seconds_bucket{{{template},le="+Inf"}} 2' in lines
    assert f"clv_api_request_seconds_count{{{template}}} 2" in lines
    assert "clv_api_requests_in_flight 1" in lines
    assert "12347" not in answer.text
