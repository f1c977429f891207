"""Forecasts wait in a short queue; beyond it a caller is told when to come again."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import httpx
import pytest

from jobs.service.on_request.live_model import LiveModel
from jobs.service.on_request.worker import Worker
from jobs.service.problems import Problem
from tests.conftest import Database
from tests.service.on_request.champions import held
from tests.service.on_request.test_honesty import LINE, customer
from tests.service.running import problem_of, serving


def test_what_does_not_fit_into_the_queue_is_told_to_come_again(
    database: Database, live: LiveModel, tmp_path: Path
) -> None:
    limits = {"forecasts_waiting": 2, "burst": 1000, "requests_per_second": 1000}
    with serving(database, live_champion=held(live, tmp_path), **limits) as running:
        key, body = running.key("caller", "forecast"), {"customers": [customer(LINE)]}

        def ask() -> httpx.Response:
            return running.request("POST", "/v1/forecasts", key, json=body)

        with ThreadPoolExecutor(4) as callers:
            asked = [callers.submit(ask) for _ in range(4)]
            refused = next(as_completed(asked, timeout=60)).result()
            problem_of(refused, 429, "busy")
            assert refused.headers["retry-after"] == "1"
            assert running.get("/healthz").status_code == 200
            (tmp_path / "go").touch()
            assert sorted(answer.result().status_code for answer in asked) == [200, 200, 200, 429]
        assert ask().status_code == 200


def test_a_caller_who_has_gone_frees_its_place_and_is_not_computed_for() -> None:
    worker, go, done = Worker(waiting=1), threading.Event(), []

    async def ask(job: Callable[[], object]) -> None:
        with worker.places.one():
            await worker.run(job)

    async def use() -> None:
        first = asyncio.create_task(ask(lambda: go.wait(60)))
        second = asyncio.create_task(ask(lambda: done.append("second")))
        await asyncio.sleep(0)
        with pytest.raises(Problem, match="As many"):
            await ask(lambda: None)
        second.cancel()
        await asyncio.sleep(0)
        third = asyncio.create_task(ask(lambda: done.append("third")))
        await asyncio.sleep(0)
        go.set()
        await asyncio.gather(first, third)

    asyncio.run(use())
    worker.close()
    assert done == ["third"]
