"""Forecasts wait in a short queue; beyond it a caller is told when to come again."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace

import httpx
import pytest

from jobs.service.on_request.live_model import LiveModel
from jobs.service.on_request.worker import Worker
from jobs.service.problems import Problem
from tests.conftest import Database
from tests.service.on_request.test_honesty import LINE, customer
from tests.service.running import problem_of, serving


class Held:
    """A forecaster that waits until it is let go."""

    def __init__(self, live: LiveModel) -> None:
        self.go, self._own = threading.Event(), live.forecaster

    def __getattr__(self, name: str) -> object:
        return getattr(self._own, name)

    def predict_rows(self, *arguments: object, **more: object) -> object:
        assert self.go.wait(60)
        return self._own.predict_rows(*arguments, **more)


def test_what_does_not_fit_into_the_queue_is_told_to_come_again(database: Database, live: LiveModel) -> None:
    held = Held(live)
    limits = {"forecast_threads": 1, "forecasts_waiting": 2, "burst": 1000, "requests_per_second": 1000}
    with serving(database, read_champion=lambda _: replace(live, forecaster=held), **limits) as running:
        key, body = running.key("caller", "forecast"), {"customers": [customer(LINE)]}

        def ask() -> httpx.Response:
            return running.request("POST", "/v1/forecasts", key, json=body)

        with ThreadPoolExecutor(4) as callers:
            asked = [callers.submit(ask) for _ in range(4)]
            refused = next(as_completed(asked, timeout=60)).result()
            problem_of(refused, 429, "busy")
            assert refused.headers["retry-after"] == "1"
            assert running.get("/healthz").status_code == 200
            held.go.set()
            assert sorted(answer.result().status_code for answer in asked) == [200, 200, 200, 429]
        assert ask().status_code == 200


def test_a_caller_who_has_gone_frees_its_place_and_is_not_computed_for() -> None:
    worker, go, done = Worker(threads=1, waiting=1), threading.Event(), []

    async def use() -> None:
        first = asyncio.create_task(worker.run(lambda: go.wait(60)))
        second = asyncio.create_task(worker.run(lambda: done.append("second")))
        await asyncio.sleep(0)
        with pytest.raises(Problem, match="As many"):
            await worker.run(lambda: None)
        second.cancel()
        await asyncio.sleep(0)
        third = asyncio.create_task(worker.run(lambda: done.append("third")))
        await asyncio.sleep(0)
        go.set()
        await asyncio.gather(first, third)

    asyncio.run(use())
    worker.close()
    assert done == ["third"]
