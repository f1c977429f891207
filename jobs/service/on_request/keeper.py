"""Keeps the live model: loads the champion when the service starts, and swaps it when the alias moves."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from jobs.core.failure import reason_of
from jobs.service.on_request.live_model import LiveModel
from jobs.service.problems import Problem

log = logging.getLogger("clv.service")

Read = Callable[[LiveModel | None], LiveModel | None]
_RETRY_SECONDS = 5


@dataclass(frozen=True)
class Kept:
    """What the last look has found.

    Attributes:
        model: the version that forecasts; None if none was loaded yet.
        problem: why it is not the champion as it is now; None if it is.
    """

    model: LiveModel | None
    problem: str | None


class ModelKeeper:
    """Looks for a new champion in a thread of its own. Requests keep the version that they began with.

    Args:
        read: reads the champion, given the version that is loaded; raises if it cannot be used.
        seconds: from one look to the next.
    """

    def __init__(self, read: Read | None, *, seconds: float) -> None:
        self._read, self._seconds = read, seconds
        self._stop = threading.Event()
        self.at_start = Kept(None, _NOT_LOADED_YET if read else _NOT_CONFIGURED)
        self.kept = self.at_start

    def start(self) -> None:
        """Load the champion, and keep looking, until `stop`."""
        if self._read is not None:
            threading.Thread(target=self._look_again_and_again, name="champion", daemon=True).start()

    def stop(self) -> None:
        """Stop looking."""
        self._stop.set()

    def model(self) -> LiveModel:
        """The version that forecasts; a problem if there is none."""
        kept = self.kept
        if kept.model is not None:
            return kept.model
        raise Problem(
            503,
            "no-model",
            f"No model is loaded: {kept.problem}.",
            remedy="Published forecasts can still be looked up. /readyz says when there is a model.",
            headers={"Retry-After": str(_RETRY_SECONDS)},
        )

    def look(self) -> None:
        """Load the champion if it is another than before; leave the old one in place if that fails."""
        assert self._read is not None
        before = self.kept
        try:
            found = self._read(before.model)
        except Exception as error:
            self._keep(Kept(before.model, reason_of(error)), before, error)
        else:
            problem = None if found else "no version is the champion: none has passed the gate yet"
            self._keep(Kept(found or before.model, problem), before, None)

    def _keep(self, kept: Kept, before: Kept, error: Exception | None) -> None:
        self.kept = kept
        if kept.problem != before.problem and error is not None:
            log.error("the champion cannot be loaded", exc_info=error)
        if kept.model is not before.model and kept.model is not None:
            log.info("version %d forecasts", kept.model.version)

    def _look_again_and_again(self) -> None:
        self.look()
        while not self._stop.wait(self._seconds):
            self.look()


_NOT_LOADED_YET = "the champion is being loaded: ask again in a few seconds"
_NOT_CONFIGURED = (
    "forecasts on request are switched off. Set CLV_SOURCE, CLV_LAKE and MLFLOW_TRACKING_URI to switch them on"
)
