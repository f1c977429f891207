"""How much a caller may ask: token buckets, for how often; slots, for how much at once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore, Lock

from jobs.service.problems import Problem, busy


@dataclass
class _Bucket:
    tokens: float
    filled_at: float


class TokenBuckets:
    """A bucket a caller, in the memory of this process. A bucket that nobody has used for long is full, and forgotten.

    Args:
        per_second: tokens that a bucket gains in a second.
        burst: tokens that it holds.
        clock: seconds that only go forward.
        most: how many buckets are kept.
    """

    def __init__(self, *, per_second: float, burst: int, clock: Callable[[], float], most: int = 10_000) -> None:
        self._per_second, self._burst, self._clock, self._most = per_second, burst, clock, most
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = Lock()

    def take(self, caller: str) -> float:
        """Take a token; 0, or the seconds until there is one."""
        with self._lock:
            now = self._clock()
            bucket = self._buckets.pop(caller, None) or _Bucket(self._burst, now)
            bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.filled_at) * self._per_second)
            bucket.filled_at = now
            self._buckets[caller] = bucket
            while len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
            if bucket.tokens < 1:
                return (1 - bucket.tokens) / self._per_second
            bucket.tokens -= 1
            return 0.0


class Slots:
    """So much at once: what finds no slot is refused instead of waiting for one."""

    def __init__(self, most: int, refusal: Callable[[], Problem]) -> None:
        self._free, self._refusal = BoundedSemaphore(most), refusal

    @contextmanager
    def one(self) -> Iterator[None]:
        """Hold a slot; the refusal is raised if all are taken."""
        if not self._free.acquire(blocking=False):
            raise self._refusal()
        try:
            yield
        finally:
            self._free.release()


class WaitingSlots:
    """So much at once: what finds no slot waits for one, for a short time. The guard bounds how many wait.

    Args:
        most: how many slots there are.
        seconds: for how long.
    """

    def __init__(self, most: int, *, seconds: float) -> None:
        self._free, self._seconds = asyncio.Semaphore(most), seconds

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Hold a slot; 429 with Retry-After if none was free in time."""
        if self._free.locked():
            await self._wait()
        else:
            await self._free.acquire()
        try:
            yield
        finally:
            self._free.release()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                await self._free.acquire()
        except TimeoutError:
            raise busy("As many requests are being answered, and wait, as the service can take.") from None
