"""A service that really runs, on uvicorn and a port of its own, and what its tests ask it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx

from jobs.core.postgres import execute, fetch
from jobs.service.app import create_app
from jobs.service.keys import create_key
from jobs.service.on_request.live_model import Champion
from jobs.service.server import server
from jobs.service.settings import ServiceSettings
from tests.conftest import Database
from tests.forecasts import DECEMBER

TODAY = date(2011, 12, 10)
PROBLEM = "application/problem+json"
REASONS = [
    "the challenger's total over 12 months: off by 3.2%, the bar of 10% is met (recorded only)",
    "wape 0.61 against opponent 0.64: passes (WAPE worse by more than 0.02 in 0 of 200 resamples)",
]
"""What the gate said of the live version, in its words."""


@dataclass(frozen=True)
class Service:
    """A running service, and a key for each caller."""

    address: str
    database: Database

    def key(self, name: str, *scopes: str) -> str:
        return create_key(self.database.owner, name=name, scopes=scopes, created_by="a test")

    def get(self, path: str, key: str | None = None, **arguments: Any) -> httpx.Response:
        return self.request("GET", path, key, **arguments)

    def request(self, method: str, path: str, key: str | None = None, **arguments: Any) -> httpx.Response:
        headers = dict(arguments.pop("headers", {})) | ({"Authorization": f"Bearer {key}"} if key else {})
        return httpx.request(method, self.address + path, headers=headers, timeout=30, trust_env=False, **arguments)


@contextmanager
def serving(database: Database, *, live_champion: Champion | None = None, **settings: Any) -> Iterator[Service]:
    """Run a service in a thread, on any free port, until the context exits; with a champion, until it has looked."""
    usual = {"database_url": database.api_url, "port": 0, "ready_seconds": 0.0, "key_seconds": 0.0}
    chosen = ServiceSettings(**(usual | settings))
    app = create_app(chosen, today=lambda: TODAY, live_champion=live_champion)
    running = server(app, chosen)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    try:
        while not running.started:
            assert thread.is_alive(), "uvicorn ended before it had started"
            time.sleep(0.01)
        models = app.state.context.models
        while live_champion is not None and models.kept is models.at_start:
            time.sleep(0.01)
        port = running.servers[0].sockets[0].getsockname()[1]
        yield Service(f"http://127.0.0.1:{port}", database)
    finally:
        running.should_exit = True
        thread.join(timeout=30)
        assert not thread.is_alive()


def make_champion(database: Database, run_id: int | None, version: int, *, before: int | None = None) -> None:
    """Record that the gate made a version the champion with a run."""
    [decision] = fetch(
        database.writer,
        "record_decision",
        run_id=run_id,
        as_of=DECEMBER,
        model_name="clv",
        model_version=version,
        decision="promoted" if before else "first",
        forecast_by=version if run_id else None,
        champion_before=before,
        champion_after=version,
        reasons=REASONS,
        decided_by="gate",
    )
    execute(database.writer, "record_effect", decision_id=decision["decision_id"])


def problem_of(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    """The problem details of an answer, which are complete."""
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM), answer.text
    assert problem["type"] == f"urn:clv:problem:{kind}"
    assert problem["status"] == status
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert problem["title"]
    assert problem["detail"]
    assert problem["remedy"]
    return problem
