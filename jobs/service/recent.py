"""A value that costs something to make, and may be a moment old."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """Made anew once its time is over, in a thread of its own, for one caller while the others wait for it."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds, self._clock = seconds, clock
        self._made: tuple[float, Value] | None = None
        self._lock = asyncio.Lock()

    async def get(self, make: Callable[[], Value]) -> Value:
        """The value."""
        async with self._lock:
            if self._made is None or self._clock() - self._made[0] >= self._seconds:
                self._made = self._clock(), await asyncio.to_thread(make)
            return self._made[1]
