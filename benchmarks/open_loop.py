"""An open-loop load generator: requests leave on schedule, whether or not answers come, and latency counts from then.

A generator that waits for an answer before it sends the next request slows down with the service that it measures, and
hides the wait of everybody who would have come meanwhile ("coordinated omission"). It shares the machine with the
service, so it speaks HTTP over plain streams: httpx takes 5 ms of a CPU for a request, more than a lookup does.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

_SECONDS_TO_ANSWER = 20.0
_QUANTILES = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99, "max_ms": 1.0}
_IDLE_SECONDS = 5.0
"""Half as long as the server keeps an idle connection: one that it is about to close is not used."""
OK = 200

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Kind:
    """Requests of one kind at a rate.

    Attributes:
        name: the kind.
        rate: requests a second.
        request: the bytes of the n-th request.
        take: given the number and the body of each answer with 200.
    """

    name: str
    rate: float
    request: Callable[[int], bytes]
    take: Callable[[int, bytes], None] = lambda _number, _body: None


@dataclass
class Load:
    """What became of the requests of one kind.

    Attributes:
        kind: the kind.
        milliseconds: from when a request was due to its answer, of those answered with 200.
        answers: status → how many; 0: none came.
        late_ms: the longest that a request left after it was due: the generator's own delay.
    """

    kind: Kind
    milliseconds: list[float] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    late_ms: float = 0.0

    def figures(self) -> dict[str, Any]:
        """The figures of a line of the table."""
        found = np.array(self.milliseconds)
        return {
            "load": self.kind.name,
            "per_second": self.kind.rate,
            "sent": self.answers.total(),
            "answers": {str(status): count for status, count in sorted(self.answers.items())},
            **{name: round(float(np.quantile(found, q)), 1) if len(found) else None for name, q in _QUANTILES.items()},
            "sent_late_ms": round(self.late_ms, 1),
        }


class Client:
    """Keeps connections to a server open, as many as are needed at once."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._idle: list[tuple[float, Connection]] = []

    async def answer(self, request: bytes) -> tuple[int, bytes]:
        """The status and the body of the answer to a request; 0 if none comes."""
        try:
            return await asyncio.wait_for(self._answer(request), _SECONDS_TO_ANSWER)
        except (OSError, EOFError, TimeoutError):
            return 0, b""

    async def _answer(self, request: bytes) -> tuple[int, bytes]:
        reader, writer = self._kept() or await asyncio.open_connection(self._host, self._port)
        try:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:] if line)
            length = fields.get(b"content-length")
            body = await reader.read() if length is None else await reader.readexactly(int(length))
        except BaseException:
            writer.close()
            raise
        if fields.get(b"connection") == b"close":
            writer.close()
        else:
            self._idle.append((time.monotonic(), (reader, writer)))
        return int(head.split(b" ", 2)[1]), body

    def _kept(self) -> Connection | None:
        """The connection that was used last, unless it has been idle for too long; then they all have."""
        if self._idle and time.monotonic() - self._idle[-1][0] > _IDLE_SECONDS:
            self.close()
        return self._idle.pop()[1] if self._idle else None

    def close(self) -> None:
        """Close the connections."""
        for _, (_, writer) in self._idle:
            writer.close()
        self._idle.clear()


async def run(host: str, port: int, kinds: Sequence[Kind], seconds: float) -> list[Load]:
    """Send requests of several kinds at once for some seconds, and wait for their answers."""
    client = Client(host, port)
    try:
        return list(await asyncio.gather(*(_send(client, kind, seconds) for kind in kinds)))
    finally:
        client.close()


async def _send(client: Client, kind: Kind, seconds: float) -> Load:
    load, began = Load(kind), time.perf_counter()
    under_way: set[asyncio.Task[None]] = set()
    for number in range(int(kind.rate * seconds)):
        due = began + number / kind.rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        load.late_ms = max(load.late_ms, (time.perf_counter() - due) * 1000.0)
        task = asyncio.create_task(_measured(client, number, due, load))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    await asyncio.gather(*under_way)
    return load


async def _measured(client: Client, number: int, due: float, load: Load) -> None:
    status, body = await client.answer(load.kind.request(number))
    load.answers[status] += 1
    if status == OK:
        load.milliseconds.append((time.perf_counter() - due) * 1000.0)
        load.kind.take(number, body)
