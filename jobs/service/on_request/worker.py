"""Forecasts are made in few threads, with few requests waiting: beyond them a caller is told to come again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TypeVar

from jobs.service.problems import Problem

Result = TypeVar("Result")
_RETRY_SECONDS = 1


class Worker:
    """A bounded queue before a few threads.

    Args:
        threads: how many requests are computed at once.
        waiting: how many more may wait.
    """

    def __init__(self, *, threads: int, waiting: int) -> None:
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="forecast")
        self._places, self._lock = threads + waiting, Lock()

    async def run(self, job: Callable[[], Result]) -> Result:
        """What a job returns. One whose caller has gone before it began is not done.

        Raises:
            Problem: every place is taken.
        """
        with self._lock:
            if not self._places:
                raise _busy()
            self._places -= 1
        future = self._pool.submit(job)
        future.add_done_callback(lambda _: self._leave())
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Take no more jobs; those that wait are dropped."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _leave(self) -> None:
        with self._lock:
            self._places += 1


def _busy() -> Problem:
    return Problem(
        429,
        "busy",
        "As many forecasts are being made, and wait, as the service can take.",
        remedy=f"Try again in {_RETRY_SECONDS} s, or send fewer requests at once.",
        headers={"Retry-After": str(_RETRY_SECONDS)},
    )
