"""The process that forecasts may die, be stuck, or be left alone: the service goes on, and nothing is left behind."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import active_children
from pathlib import Path

import psutil
import pytest

from jobs.service.on_request.keeper import ModelKeeper
from jobs.service.on_request.live_model import LiveModel
from jobs.service.on_request.model_process import EndedError, ModelProcess
from jobs.service.on_request.worker import Worker
from jobs.service.problems import Problem
from tests.conftest import ROOT, Database
from tests.golden_month.golden import AS_OF
from tests.service.on_request.champions import Fixed, held, on_request, until
from tests.service.on_request.test_honesty import LINE, customer
from tests.service.running import problem_of, serving

BODY = {"customers": [customer(LINE)]}
CONTENT = json.dumps(BODY).encode()
PARENT = f"""
import pickle, sys
from datetime import date
from multiprocessing import active_children
from pathlib import Path
from jobs.service.on_request.model_process import ModelProcess

if __name__ == "__main__":
    process = ModelProcess(pickle.loads(Path(sys.argv[1]).read_bytes()), seconds=600)
    print(active_children()[0].pid, flush=True)
    process.ask({CONTENT!r}, date({AS_OF.year}, {AS_OF.month}, 1), "1") if sys.argv[2] == "busy" else sys.stdin.read()
"""


@dataclass
class Gated(Fixed):
    """It is read once there is a file."""

    gate: Path

    def read(self) -> LiveModel:
        until(self.gate.exists)
        return super().read()


class Dying(Fixed):
    """It takes too much memory."""

    def read(self) -> LiveModel:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


def only_child() -> int:
    """The id of the process that forecasts."""
    [child] = active_children()
    assert child.pid is not None
    return child.pid


def test_a_process_that_is_killed_costs_the_request_that_it_had_and_another_takes_its_place(
    database: Database, live: LiveModel, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    gate.touch()
    champion = Gated(held(live, tmp_path).live, gate)
    with serving(database, live_champion=champion, model_seconds=1000.0) as service, ThreadPoolExecutor() as callers:
        key, first = service.key("caller", "forecast"), only_child()
        running = callers.submit(service.request, "POST", "/v1/forecasts", key, json=BODY)
        until((tmp_path / "begun").exists)
        gate.unlink()
        os.kill(first, signal.SIGKILL)
        problem_of(running.result(), 503, "unavailable")
        assert running.result().headers["retry-after"] == "2"
        until(lambda: on_request(service)["model_version"] is None)
        assert "another is being started" in on_request(service)["problem"]
        problem_of(service.request("POST", "/v1/forecasts", key, json=BODY), 503, "no-model")
        gate.touch()
        (tmp_path / "go").touch()
        until(lambda: on_request(service) == {"model_version": 3, "problem": None})
        assert service.request("POST", "/v1/forecasts", key, json=BODY).json()["model"]["version"] == 3
        assert only_child() != first
    assert active_children() == []


def test_a_forecast_that_takes_too_long_keeps_nobody_else_waiting(
    database: Database, live: LiveModel, tmp_path: Path
) -> None:
    with serving(database, live_champion=held(live, tmp_path), request_seconds=2.0) as service:
        key, first = service.key("caller", "forecast"), only_child()
        problem_of(service.request("POST", "/v1/forecasts", key, json=BODY), 503, "unavailable")
        until(lambda: not psutil.pid_exists(first))
        (tmp_path / "go").touch()
        until(lambda: on_request(service)["model_version"] == 3)
        assert service.request("POST", "/v1/forecasts", key, json=BODY).status_code == 200


class Forgetful(ModelKeeper):
    """Its look finds that a process has ended as soon as somebody has seen the process."""

    @property
    def _process(self) -> ModelProcess | None:
        return next(self._seen, None)

    @_process.setter
    def _process(self, process: ModelProcess | None) -> None:
        self._seen = iter([process])


class Ended:
    def ask(self, *_: object) -> bytes:
        raise EndedError("it ended")


def test_a_process_that_is_forgotten_while_it_is_asked_is_unavailable() -> None:
    keeper = Forgetful(None, Worker(waiting=0), seconds=60, request_seconds=60)
    keeper._process = Ended()  # type: ignore[assignment]
    with pytest.raises(Problem, match="Another is being started"):
        keeper._ask(CONTENT, AS_OF, "1")


def test_a_process_that_dies_while_it_loads_says_so(database: Database, live: LiveModel) -> None:
    with serving(database, live_champion=Dying(live)) as service:
        assert on_request(service) == {
            "model_version": None,
            "problem": "the process that makes forecasts ended with exit code -9",
        }


def test_a_signal_to_the_whole_group_does_not_cut_a_forecast_short(live: LiveModel, tmp_path: Path) -> None:
    process = ModelProcess(held(live, tmp_path), seconds=60)
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(process.ask, CONTENT, AS_OF, "1")
        until((tmp_path / "begun").exists)
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(only_child(), number)
        (tmp_path / "go").touch()
        assert json.loads(answer.result())["model"]["version"] == 3
    process.end()
    with pytest.raises(EndedError):
        process.ask(CONTENT, AS_OF, "2")


@pytest.mark.parametrize("state", ["idle", "busy"])
def test_a_process_whose_service_was_killed_ends(live: LiveModel, tmp_path: Path, state: str) -> None:
    script, champion = tmp_path / "parent.py", tmp_path / "champion"
    script.write_text(PARENT, encoding="utf-8")
    champion.write_bytes(pickle.dumps(held(live, tmp_path)))
    command, environment = [sys.executable, str(script), str(champion), state], os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        child = psutil.Process(int(parent.stdout.readline()))
        if state == "busy":
            until((tmp_path / "begun").exists)
        parent.kill()
        (tmp_path / "go").touch()
        until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
