"""A month is published, and another version made the champion, while the service is under load.

What each request is answered before and afterwards is known, so that any other answer mixes two publications.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from benchmarks.open_loop import OK, Client, Kind, run

_DIFFERENT = 50
"""How many different requests of each kind are sent."""
_MORE_SECONDS = 2.0
_FIRST_PART = 0.25
"""The part of the time after which the month is published."""


async def published_under_load(
    host: str, port: int, kinds: Sequence[Kind], seconds: float, publish: Callable[[], None]
) -> dict[str, Any]:
    """Send requests of several kinds; how many answers were those of before, of afterwards, and neither.

    The load goes on until the service answers from what was published; the latencies are of its given time.

    Args:
        host: where the service listens.
        port: where the service listens.
        kinds: the requests.
        seconds: for how long they are sent.
        publish: publishes, and returns when the service answers from what was published.
    """
    seen: defaultdict[str, list[tuple[int, bytes]]] = defaultdict(list)
    watched = [replace(few(kind), take=_taker(seen[kind.name])) for kind in kinds]
    before = [await _answers(host, port, kind) for kind in watched]
    loading = asyncio.create_task(run(host, port, watched, seconds))
    await asyncio.sleep(seconds * _FIRST_PART)
    publishing = asyncio.create_task(asyncio.to_thread(publish))
    loads = await loading
    while not publishing.done():
        await run(host, port, watched, _MORE_SECONDS)
    await publishing
    await run(host, port, watched, _MORE_SECONDS)
    after = [await _answers(host, port, kind) for kind in watched]
    counts = [compared(seen[kind.name], old, new) for kind, old, new in zip(kinds, before, after, strict=True)]
    return {
        "loads": [load.figures() | count for load, count in zip(loads, counts, strict=True)],
        "mixed": sum(count["mixed"] for count in counts),
    }


def few(kind: Kind) -> Kind:
    """The same kind with few different requests."""
    return replace(kind, request=lambda number: kind.request(number % _DIFFERENT))


def compared(seen: Sequence[tuple[int, bytes]], old: Sequence[bytes], new: Sequence[bytes]) -> dict[str, int]:
    """How many answers are those of before, of afterwards, and neither."""
    if any(one == other for one, other in zip(old, new, strict=True)):
        raise ValueError("a request is answered alike before and after the publication: nothing could be told apart")
    of_old = sum(body == old[number % len(old)] for number, body in seen)
    of_new = sum(body == new[number % len(new)] for number, body in seen)
    return {"old": of_old, "new": of_new, "mixed": len(seen) - of_old - of_new}


def _taker(seen: list[tuple[int, bytes]]) -> Callable[[int, bytes], None]:
    return lambda number, body: seen.append((number, body))


async def _answers(host: str, port: int, kind: Kind) -> list[bytes]:
    """What each request is answered, one after the other."""
    client, found = Client(host, port), []
    try:
        for number in range(_DIFFERENT):
            status, body = await client.answer(kind.request(number))
            if status != OK:
                raise RuntimeError(f"{kind.name}: request {number} was answered {status} on an idle service")
            found.append(body)
    finally:
        client.close()
    return found
