"""Keeps a process that forecasts with the champion: starts it, and puts another in its place when something changed."""

from __future__ import annotations

import logging
import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from multiprocessing.connection import wait

from jobs.core.failure import reason_of
from jobs.service.on_request.live_model import Champion, Loaded
from jobs.service.on_request.model_process import EndedError, ModelProcess
from jobs.service.on_request.worker import Worker
from jobs.service.problems import Problem, unavailable

log = logging.getLogger("clv.service")

_RETRY_SECONDS = 5


@dataclass(frozen=True)
class Kept:
    """What the last look has found.

    Attributes:
        model: the version that forecasts; None if none is loaded.
        problem: why it is not the champion as it is now; None if it is.
    """

    model: Loaded | None
    problem: str | None


class ModelKeeper:
    """Looks for a new champion in a thread of its own.

    The worker's thread alone asks the process, and puts another in its place: what was asked before is answered by the
    old version, what is asked later by the new one, and nothing is dropped.

    Args:
        champion: where it is read from; None: no forecasts are made.
        worker: the queue before the process.
        seconds: from one look to the next.
        request_seconds: how long a forecast may take.
    """

    def __init__(self, champion: Champion | None, worker: Worker, *, seconds: float, request_seconds: float) -> None:
        self._champion, self._worker = champion, worker
        self._seconds, self._request_seconds = seconds, request_seconds
        self._stop = threading.Event()
        self._process: ModelProcess | None = None
        self.at_start = Kept(None, _NOT_LOADED_YET if champion else _NOT_CONFIGURED)
        self.kept = self.at_start

    def start(self) -> None:
        """Load the champion, and keep looking, until `stop`."""
        if self._champion is not None:
            threading.Thread(target=self._look_again_and_again, name="champion", daemon=True).start()

    def stop(self) -> None:
        """Stop looking, and end the process."""
        self._stop.set()
        self._worker.close()
        process = self._process
        if process is not None:
            process.end()

    def place(self) -> AbstractContextManager[None]:
        """What `forecast` needs, from before its body is read; raises Problem if too many have one."""
        return self._worker.places.one()

    async def forecast(self, content: bytes, today: date, request_id: str) -> bytes:
        """The answer to a body, as JSON.

        Raises:
            Problem: no version is loaded, the process ended, or the body is wrong.
        """
        return await self._worker.run(lambda: self._ask(content, today, request_id))

    def look(self) -> None:
        """Load the champion if it is another than before; leave the old one in place if that fails."""
        assert self._champion is not None
        self._notice_an_end()
        loaded = self.kept.model
        try:
            state = self._champion.seen()
            if state is not None and (loaded is None or loaded.state != state):
                self._replace(ModelProcess(self._champion, seconds=self._request_seconds))
        except Exception as error:
            self._say(reason_of(error), error)
        else:
            self._say(None if state else _NO_CHAMPION)

    def _ask(self, content: bytes, today: date, request_id: str) -> bytes:
        process = self._process
        if process is None:
            raise Problem(
                503,
                "no-model",
                f"No model is loaded: {self.kept.problem}.",
                remedy="Published forecasts can still be looked up. /readyz says when there is a model.",
                headers={"Retry-After": str(_RETRY_SECONDS)},
            )
        try:
            return process.ask(content, today, request_id)
        except EndedError:
            raise unavailable("The process that makes forecasts ended. Another is being started.") from None

    def _notice_an_end(self) -> None:
        """Forget a process that is gone."""
        if self._process is not None and self._process.has_ended():
            self._process = None
            self.kept = Kept(None, _ENDED)
            log.error(_ENDED)

    def _replace(self, process: ModelProcess) -> None:
        """Let a process take the place of the one before, which ends after what it was asked."""
        before = self._process

        def swap() -> None:
            self._process, self.kept = process, Kept(process.loaded, None)

        try:
            self._worker.do(swap)
        except BaseException:
            process.end()
            raise
        log.info("version %d forecasts", process.loaded.version)
        if before is not None:
            before.end()

    def _say(self, problem: str | None, error: Exception | None = None) -> None:
        if problem != self.kept.problem and error is not None and not self._stop.is_set():
            log.error("the champion cannot be loaded", exc_info=error)
        self.kept = Kept(self.kept.model, problem)

    def _look_again_and_again(self) -> None:
        while not self._stop.is_set():
            self.look()
            if self._process is None:
                self._stop.wait(self._seconds)
            else:
                wait([self._process.sentinel], self._seconds)


_NOT_LOADED_YET = "the champion is being loaded: ask again in a few seconds"
_NOT_CONFIGURED = (
    "forecasts on request are switched off. Set CLV_SOURCE, CLV_LAKE and MLFLOW_TRACKING_URI to switch them on"
)
_NO_CHAMPION = "no version is the champion: none has passed the gate yet"
_ENDED = "the process that makes forecasts ended: another is being started"
