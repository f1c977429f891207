"""Forecasts are made one after the other, with few requests waiting: beyond them a caller is told to come again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TypeVar

from jobs.service.problems import busy

Result = TypeVar("Result")


class Worker:
    """A bounded queue before one thread.

    Args:
        waiting: how many requests may wait beside the one that is being answered.
    """

    def __init__(self, *, waiting: int) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="forecast")
        self._places, self._lock = 1 + waiting, Lock()

    async def run(self, job: Callable[[], Result]) -> Result:
        """What a job returns. One whose caller has gone before it began is not done.

        Raises:
            Problem: every place is taken.
        """
        with self._lock:
            if not self._places:
                raise busy("As many forecasts are being made, and wait, as the service can take.")
            self._places -= 1
        future = self._pool.submit(job)
        future.add_done_callback(lambda _: self._leave())
        return await asyncio.wrap_future(future)

    def do(self, job: Callable[[], None]) -> None:
        """Do a job of the service's own after those that wait; return when it is done."""
        self._pool.submit(job).result()

    def close(self) -> None:
        """Take no more jobs; those that wait are dropped."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _leave(self) -> None:
        with self._lock:
            self._places += 1
