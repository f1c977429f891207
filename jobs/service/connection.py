"""A connection of the server, which bounds what uvicorn does not: how long a head may take, and how much may wait."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_MOST_AHEAD = 100
"""Requests that a caller may send while an earlier one of the same connection is being answered."""


class BoundedConnection(HttpToolsProtocol):
    """The first head must be there in time, and so must each later one once it has begun.

    Args:
        arguments: of uvicorn's protocol.
        head_seconds: how long a head may take.
        most_bytes: how much may come that completes no head and belongs to no body, before it is answered with 400.
        named: of uvicorn's protocol.
    """

    def __init__(self, *arguments: Any, head_seconds: float, most_bytes: int, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head_seconds, self._most_bytes = head_seconds, most_bytes
        self._head_is_due: asyncio.TimerHandle | None = None
        self._needs_head, self._is_between, self._pending_bytes = True, False, 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a head."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take what has come."""
        self._needs_head = self._needs_head or self._is_between
        self._pending_bytes += len(data)
        super().data_received(data)
        if self._pending_bytes > self._most_bytes and not self.transport.is_closing():
            self.send_400_response("Invalid HTTP request received.")
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        super().connection_lost(exc)
        self._stop_watching()

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._needs_head, self._is_between = True, False

    def on_headers_complete(self) -> None:
        """A head is there. What comes after the body in the form of headers is dropped."""
        self._needs_head, self._pending_bytes = False, 0
        if len(self.pipeline) >= _MOST_AHEAD:
            raise ValueError("too many requests came before the first was answered")
        super().on_headers_complete()
        self.headers = []
        if self.parser.should_upgrade():
            self.cycle.keep_alive = False  # the parser reads nothing more

    def on_body(self, body: bytes) -> None:
        """A part of a body is there."""
        self._pending_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request is there."""
        super().on_message_complete()
        self._is_between = True

    def on_response_complete(self) -> None:
        """A request is answered."""
        super().on_response_complete()
        self._watch()

    def _watch(self) -> None:
        is_answering = self.cycle is not None and not self.cycle.response_complete
        if is_answering or not self._needs_head:
            self._stop_watching()
        elif self._head_is_due is None:
            self._head_is_due = self.loop.call_later(self._head_seconds, self.transport.close)

    def _stop_watching(self) -> None:
        if self._head_is_due is not None:
            self._head_is_due.cancel()
            self._head_is_due = None
