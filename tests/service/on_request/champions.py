"""Champions that are read from memory, in the process that loads them, too."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from jobs.forecasting.forecaster import Forecaster
from jobs.service.on_request.live_model import LiveModel, State
from tests.service.running import Service


@dataclass
class Fixed:
    """Always the same."""

    live: LiveModel

    def seen(self) -> State | None:
        return self.live.state

    def read(self) -> LiveModel:
        return self.live


@dataclass
class Restless:
    """Another version at every look."""

    live: LiveModel
    version: int = 2

    def seen(self) -> State | None:
        self.version += 1
        return (str(self.version),)

    def read(self) -> LiveModel:
        return replace(self.live, version=self.version, state=(str(self.version),))


class Held:
    """A forecaster that writes `begun` into a folder for every request but the first, and waits until there is `go`."""

    def __init__(self, forecaster: Forecaster, folder: Path) -> None:
        self.encoder, self.as_of, self.rfm_cuts = forecaster.encoder, forecaster.as_of, forecaster.rfm_cuts
        self._own, self._folder, self._is_warm = forecaster, folder, False

    def predict_rows(self, rows: Sequence[Mapping[str, Any]], *, as_of: date) -> list[dict[str, Any]]:
        if self._is_warm:
            (self._folder / "begun").touch()
            while not (self._folder / "go").exists():
                time.sleep(0.01)
        self._is_warm = True
        return self._own.predict_rows(rows, as_of=as_of)


def held(live: LiveModel, folder: Path) -> Fixed:
    """A champion whose forecasts wait until there is a file `go` in a folder."""
    return Fixed(replace(live, forecaster=Held(live.forecaster, folder)))  # type: ignore[arg-type]


def on_request(service: Service) -> dict[str, Any]:
    """What the service says of the version that is loaded."""
    said: dict[str, Any] = service.get("/readyz").json()["forecasts_on_request"]
    return said


def until(is_so: Callable[[], object]) -> None:
    """Wait for what must become so."""
    deadline = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)
