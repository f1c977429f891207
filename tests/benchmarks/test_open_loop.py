"""The load generator counts from when a request was due, also where the server makes it wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from benchmarks.open_loop import Kind, Load, run
from docs.generate.service_load import values

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def load_on(handler: Handler, *, rate: float, seconds: float) -> Load:
    async def measure() -> Load:
        server = await asyncio.start_server(handler, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            [load] = await run("127.0.0.1", port, [Kind("any", rate, lambda _: REQUEST)], seconds)
        return load

    return asyncio.run(measure())


async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes, pause: float) -> None:
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            await asyncio.sleep(pause)
            writer.write(head)
            if b"close" in head:
                break
    except (EOFError, ConnectionError):
        pass
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 200),
        (b"HTTP/1.1 503 No\r\nConnection: close\r\n\r\n{}", 503),
        (b"HTTP/1.1 429 No\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}", 429),
    ],
)
def test_every_request_is_sent_and_every_answer_counted(head: bytes, status: int) -> None:
    load = load_on(lambda reader, writer: answered(reader, writer, head, 0.0), rate=200.0, seconds=0.2)
    assert load.answers == {status: 40}
    assert len(load.milliseconds) == (40 if status == 200 else 0)
    assert load.figures()["sent"] == 40


def test_no_answer_is_counted_too() -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    assert load_on(hang_up, rate=50.0, seconds=0.2).answers == {0: 10}


def test_a_slow_server_is_not_spared() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    load = load_on(lambda reader, writer: answered(reader, writer, head, 0.3), rate=100.0, seconds=0.1)
    assert load.answers == {200: 10}
    assert min(load.milliseconds) >= 300.0


def test_the_section_shows_a_line_a_load_and_how_memory_grew() -> None:
    load = {"load": "lookup", "per_second": 300.0, "sent": 10, "answers": {"200": 9, "503": 1}, "p50_ms": 1.5,
            "p95_ms": 2.0, "p99_ms": None}  # fmt: skip
    memory = {"minutes": 10.0, "rss_mb": [100.0, 300.0, 301.0, 302.0, 303.0, 302.5, 302.0, 303.5]}
    shown = values(
        {
            "machine": "2 CPUs",
            "customers": 5,
            "rows_in_a_forecast": 7,
            "seconds": 30.0,
            "loads": [load],
            "memory": memory,
        }
    )
    assert "| `lookup` | 300 | 10 | 1.5 | 2 | – | 200: 9, 503: 1 |" in shown["loads"]
    assert (shown["early"], shown["late"]) == (300.0, 303.5)
