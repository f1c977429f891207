"""Forecasts are made one after the other, with few requests waiting: beyond them a caller is told to come again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from jobs.service.limits import Slots
from jobs.service.problems import busy

Result = TypeVar("Result")


class Worker:
    """A queue before one thread.

    Args:
        waiting: how many requests may wait, or send their body, beside the one that is being answered.

    Attributes:
        places: one of them is held by whoever calls `run`.
    """

    def __init__(self, *, waiting: int) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="forecast")
        self.places = Slots(1 + waiting, partial(busy, _BUSY))

    async def run(self, job: Callable[[], Result]) -> Result:
        """What a job returns. One whose caller has gone before it began is not done."""
        return await asyncio.wrap_future(self._pool.submit(job))

    def do(self, job: Callable[[], None]) -> None:
        """Do a job of the service's own after those that wait; return when it is done."""
        self._pool.submit(job).result()

    def close(self) -> None:
        """Take no more jobs; those that wait are dropped."""
        self._pool.shutdown(wait=False, cancel_futures=True)


_BUSY = "As many forecasts are being made, and wait, as the service can take."
