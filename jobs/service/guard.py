"""Before every request: its id, limits on its head and its time, the log, and a problem for what goes wrong."""

from __future__ import annotations

import asyncio
import re
import time
from http import HTTPStatus
from random import Random

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jobs.service.metrics import Metrics
from jobs.service.problems import MEDIA_TYPE, Problem, busy, internal_error, too_large, unavailable
from jobs.service.request_log import log
from jobs.service.settings import ServiceSettings

_OWN_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_IDS = Random()  # a generator of its own: nobody else seeds it
_POLICY = (
    b"default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; img-src data:; connect-src 'self'; "
    b"frame-ancestors 'none'"
)
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", _POLICY),
)
_CLOSE = (b"connection", b"close")
_BOUNDED = "/v1/"
"""Monitoring is never refused."""


class Guard:
    """Wraps the application; nothing that is raised below it reaches the server."""

    def __init__(self, app: ASGIApp, *, settings: ServiceSettings, metrics: Metrics) -> None:
        self._app, self._settings, self._metrics = app, settings, metrics
        self._running: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.monotonic()
        answer = _Answer(scope, receive, send)
        scope.setdefault("state", {})["request_id"] = answer.request_id
        self._metrics.began()
        try:
            if _head_bytes(scope) > self._settings.head_bytes:
                await answer.refuse(too_large("head", self._settings.head_bytes, 431))
            elif scope["path"].startswith(_BOUNDED) and len(self._running) >= self._settings.under_way:
                await answer.refuse(busy("As many requests are under way as the service can take."))
            else:
                await self._within_time(scope, answer)
        finally:
            self._record(scope, answer, time.monotonic() - started)

    async def _within_time(self, scope: Scope, answer: _Answer) -> None:
        """Run the application, and answer in its place when its time is up: a thread cannot be stopped, only left."""
        task = asyncio.create_task(self._guarded(scope, answer))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        done, _ = await asyncio.wait({task}, timeout=self._settings.request_seconds)
        if not done:
            task.cancel()
            await answer.refuse(unavailable("The answer took too long.", "Try again, or ask for less at once."))

    async def _guarded(self, scope: Scope, answer: _Answer) -> None:
        try:
            await self._app(scope, answer.receive, answer.send)
        except Exception as error:
            log.error("failed", exc_info=error, extra={"request_id": answer.request_id})
            await answer.refuse(internal_error())

    def _record(self, scope: Scope, answer: _Answer, seconds: float) -> None:
        unrouted = "no such path" if answer.status == HTTPStatus.NOT_FOUND else "not looked at"
        path = getattr(scope.get("route"), "path", unrouted)
        method = scope["method"] if scope["method"] in ("GET", "POST", "HEAD", "OPTIONS") else "other"
        self._metrics.ended(method, path, answer.status, seconds)
        facts = {"method": method, "path": path, "status": answer.status, "milliseconds": round(seconds * 1000)}
        facts |= {"request_id": answer.request_id, "key": scope["state"].get("key")}
        log.info("answered", extra=facts)


class _Answer:
    """What is sent in answer to a request: the application's answer or, once, a problem in its place.

    A connection is closed after an answer that did not wait for the whole body: the rest of it may never come.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        self.request_id, self.status = _request_id(headers), 0
        self._receive, self._send = receive, send
        self._is_refused = False
        self._body_is_due = b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"

    async def receive(self) -> Message:
        """Pass on a part of the body."""
        message = await self._receive()
        self._body_is_due = self._body_is_due and bool(message.get("more_body"))
        return message

    async def send(self, message: Message) -> None:
        """Pass on a message of the application, with the headers that every answer has."""
        if self._is_refused:
            return
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": [*message.get("headers", ()), *self._headers()]}
            if self._body_is_due:
                message["headers"].append(_CLOSE)
        await self._send(message)

    async def refuse(self, problem: Problem) -> None:
        """Send a problem, unless an answer has begun; the application's messages are dropped from now on."""
        has_begun, self._is_refused = self.status != 0, True
        if has_begun:
            return
        self.status = problem.status_code
        own = [(name.lower().encode(), value.encode()) for name, value in (problem.headers or {}).items()]
        body = problem.body(self.request_id)
        length = (b"content-length", str(len(body)).encode())
        headers = [*own, (b"content-type", MEDIA_TYPE.encode()), length, *self._headers()]
        if self._body_is_due:
            headers.append(_CLOSE)
        await self._send({"type": "http.response.start", "status": self.status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})

    def _headers(self) -> list[tuple[bytes, bytes]]:
        return [(b"x-request-id", self.request_id.encode()), *_HEADERS]


def _head_bytes(scope: Scope) -> int:
    """The length of the path, the query and the headers."""
    headers = sum(len(name) + len(value) for name, value in scope["headers"])
    return len(scope.get("raw_path") or b"") + len(scope["query_string"]) + headers


def _request_id(headers: dict[bytes, bytes]) -> str:
    """The id that the caller gave the request, if it is plain; else a new one."""
    given = headers.get(b"x-request-id", b"").decode("latin-1")
    return given if _OWN_ID.fullmatch(given) else f"{_IDS.getrandbits(128):032x}"
