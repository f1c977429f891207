"""Counts and durations of requests, in Prometheus' text format. Labels are paths' templates: no id of a customer."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate
from threading import Lock

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""The upper bounds of the duration's buckets, in seconds."""


class Metrics:
    """What this process has answered since it started."""

    def __init__(self) -> None:
        self._answers: Counter[tuple[str, str, int]] = Counter()
        self._durations: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}
        self._in_flight = 0
        self._lock = Lock()

    def began(self) -> None:
        """Count a request that begins."""
        with self._lock:
            self._in_flight += 1

    def ended(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count a request that ends."""
        with self._lock:
            self._in_flight -= 1
            self._answers[method, path, status] += 1
            counts = self._durations.setdefault(path, [0] * (len(BOUNDS) + 1))
            counts[bisect_left(BOUNDS, seconds)] += 1
            self._seconds[path] = self._seconds.get(path, 0.0) + seconds

    def text(self) -> str:
        """Everything, one sample a line."""
        with self._lock:
            return "\n".join([*self._requests(), *self._histogram(), *self._under_way()]) + "\n"

    def _requests(self) -> Iterator[str]:
        yield "# HELP clv_api_requests_total Requests that were answered."
        yield "# TYPE clv_api_requests_total counter"
        for (method, path, status), count in sorted(self._answers.items()):
            yield f'clv_api_requests_total{{method="{method}",path="{path}",status="{status}"}} {count}'

    def _histogram(self) -> Iterator[str]:
        name = "clv_api_request_seconds"
        yield f"# HELP {name} How long requests took."
        yield f"# TYPE {name} histogram"
        for path, counts in sorted(self._durations.items()):
            for bound, total in zip((*BOUNDS, "+Inf"), accumulate(counts), strict=True):
                yield f'{name}_bucket{{path="{path}",le="{bound}"}} {total}'
            yield f'{name}_sum{{path="{path}"}} {self._seconds[path]:.6f}'
            yield f'{name}_count{{path="{path}"}} {sum(counts)}'

    def _under_way(self) -> Iterator[str]:
        yield "# HELP clv_api_requests_in_flight Requests under way."
        yield "# TYPE clv_api_requests_in_flight gauge"
        yield f"clv_api_requests_in_flight {self._in_flight}"
