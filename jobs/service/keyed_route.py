"""A route for callers with a key: what they may is known before their body is read, and only then they take a slot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

from jobs.service.access import authenticate
from jobs.service.context import Context
from jobs.service.problems import Problem, too_large


class KeyedRoute(APIRoute):
    """A route below /v1, for `APIRouter(route_class=…)`; each call has a `Caller`.

    Attributes:
        scope: what a key needs.
        body_bytes: the longest body; a subclass may allow more.
    """

    scope: ClassVar[str]
    body_bytes: ClassVar[int] = 64 * 1024

    def place(self, _: Context) -> AbstractContextManager[None]:
        """What a request holds from before its body is read until it is answered; 429 if there is none."""
        return nullcontext()

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Recognise the caller, read the body, and answer while there is a slot."""
        answer = super().get_route_handler()

        async def handle(request: Request) -> Response:
            context: Context = request.app.state.context
            await authenticate(request, context, self.scope)
            bounded = _Bounded(request, self.body_bytes)
            with self.place(context):
                await bounded.arrive(within=context.body_seconds)
                async with context.slots.one():
                    return await answer(bounded)

        return handle


def as_json(answer: BaseModel) -> Response:
    """An answer as it is: FastAPI would validate the model again, in another thread."""
    return Response(answer.model_dump_json(), media_type="application/json")


class _Bounded(Request):
    """A request whose body is refused as soon as it is longer than allowed: its announced length may be missing."""

    def __init__(self, request: Request, most: int) -> None:
        super().__init__(request.scope, request.receive)
        self._most = most

    async def arrive(self, *, within: float) -> None:
        """Read the whole body; a problem if it is too long, or not there in time."""
        length = self.headers.get("content-length", "0")
        if length.isdecimal() and int(length[:20]) > self._most:
            raise too_large("body", self._most, 413)
        try:
            async with asyncio.timeout(within):
                await self.body()
        except TimeoutError:
            raise Problem(
                408,
                "too-slow",
                f"The body of the request was not there within {within:g} s.",
                remedy="Send the body together with the head.",
            ) from None
        except ClientDisconnect:
            raise Problem(400, "invalid-request", "The body ended early.", remedy="Send all of it.") from None

    async def stream(self) -> AsyncIterator[bytes]:  # type: ignore[override]
        """The parts of the body."""
        received = 0
        async for part in super().stream():
            received += len(part)
            if received > self._most:
                raise too_large("body", self._most, 413)
            yield part
