"""A process of its own for a version: it computes forecasts while this one answers lookups."""

from __future__ import annotations

import logging
from datetime import date
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Timer
from typing import Any

from jobs.core.refusal import RefusedError
from jobs.service.on_request.live_model import Champion, Loaded

log = logging.getLogger("clv.service")

_LOAD_SECONDS = 300.0
_END_SECONDS = 5.0
_FRESH = get_context("spawn")
"""A copy of a process with threads, as `fork` makes, may hang."""


class EndedError(RefusedError):
    """The process is gone: it was killed, out of memory, or took too long."""


class ModelProcess:
    """Its version never changes, so that no answer mixes two. One thread at a time may ask.

    Args:
        champion: what is read there.
        seconds: an answer that takes longer is given up, and the process with it: nothing else stops a computation.

    Raises:
        NotUsableError: the champion cannot be loaded; the message says why.
        EndedError: the process ended before it had loaded the champion.
    """

    def __init__(self, champion: Champion, *, seconds: float) -> None:
        self._seconds = seconds
        self._connection, theirs = _FRESH.Pipe()
        self._process = _FRESH.Process(target=_serve, args=(theirs, champion), name="forecasts", daemon=True)
        self._process.start()
        theirs.close()
        self.sentinel = self._process.sentinel
        try:
            self.loaded: Loaded = self._answer(_LOAD_SECONDS)
        except BaseException:
            self.end()
            raise

    def ask(self, content: bytes, today: date, request_id: str) -> bytes:
        """The answer to a body, as JSON; a problem if something is wrong with it.

        Raises:
            EndedError: the process ended; another must take its place.
        """
        answer: bytes = self._answer(self._seconds, content, today, request_id)
        return answer

    def has_ended(self) -> bool:
        """Whether it is gone."""
        return not self._process.is_alive()

    def end(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.join(_END_SECONDS)
        self._connection.close()

    def _answer(self, seconds: float, *question: object) -> Any:
        give_up = Timer(seconds, self._give_up, (seconds,))
        give_up.daemon = True
        give_up.start()
        try:
            if question:
                self._connection.send(question)
            answer = self._connection.recv()
        except (EOFError, OSError):
            self._process.join(_END_SECONDS)
            raise EndedError(
                f"the process that makes forecasts ended with exit code {self._process.exitcode}"
            ) from None
        finally:
            give_up.cancel()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _give_up(self, seconds: float) -> None:
        log.error("the process that makes forecasts did not answer within %g s: it is killed", seconds)
        self._process.kill()


def _serve(connection: Connection, champion: Champion) -> None:
    """Runs in the process, which alone imports what computes forecasts."""
    from jobs.service.on_request.answering import serve

    serve(connection, champion)
