from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from jobs.local_stack.processes import MARK, Program, Supervisor

DEADLINE_SECONDS = 60

SLEEPER = [sys.executable, "-c", "import time; time.sleep(3600)"]
PARENT = [
    sys.executable,
    "-c",
    f"import subprocess, time; subprocess.Popen({SLEEPER!r}, start_new_session=True); time.sleep(3600)",
]


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    (tmp_path / "run").mkdir()
    running = Supervisor(folder=tmp_path, logs=tmp_path / "all the logs", sockets=tmp_path / "run")
    running.start([Program("base", SLEEPER), Program("parent", PARENT)], os.environ)
    try:
        running.launch("base", "parent")
        until(lambda: running.states() == {"base": "RUNNING", "parent": "RUNNING"})
        until(lambda: len(marked(running)) == 4)
        yield running
    finally:
        running.stop(last="base")


def marked(supervisor: Supervisor) -> list[psutil.Process]:
    actual = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == str(supervisor.folder) and process.status() != psutil.STATUS_ZOMBIE:
                actual.append(process)
        except (psutil.Error, OSError):
            continue
    return actual


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_program_that_dies_is_started_again(supervisor: Supervisor) -> None:
    [base] = [process for process in marked(supervisor) if process.cmdline() == SLEEPER and supervised(process)]
    base.send_signal(signal.SIGKILL)
    base.wait(DEADLINE_SECONDS)
    until(lambda: any(process.cmdline() == SLEEPER and supervised(process) for process in marked(supervisor)))


def supervised(process: psutil.Process) -> bool:
    parent = process.parent()
    return parent is not None and "supervisor.supervisord" in parent.cmdline()


def test_stopping_ends_every_process_that_the_programs_have_started(supervisor: Supervisor) -> None:
    supervisor.stop(last="base")
    assert marked(supervisor) == []
    assert supervisor.states() == {}


def test_stopping_ends_what_a_killed_daemon_has_left_behind(supervisor: Supervisor) -> None:
    daemon = psutil.Process(int((supervisor.folder / "supervisord.pid").read_text()))
    daemon.kill()
    daemon.wait(DEADLINE_SECONDS)
    assert len(marked(supervisor)) == 3
    supervisor.stop(last="base")
    assert marked(supervisor) == []


def test_a_daemon_can_be_started_over_the_remains_of_a_killed_one(supervisor: Supervisor) -> None:
    psutil.Process(int((supervisor.folder / "supervisord.pid").read_text())).kill()
    supervisor.stop(last="base")
    supervisor.start([Program("base", SLEEPER)], os.environ)
    supervisor.launch("base")
    until(lambda: supervisor.states() == {"base": "RUNNING"})
