"""Token buckets: how many requests a caller may make for long, and how many at once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock


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
        return self._take(caller, 1.0)

    def wait(self, caller: str) -> float:
        """The seconds until there is a token, without taking one; 0 if there is."""
        return self._take(caller, 0.0)

    def _take(self, caller: str, amount: float) -> float:
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
            bucket.tokens -= amount
            return 0.0
