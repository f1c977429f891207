"""What every job's `main` has in common: the log, and a record of what the task cost."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
from sqlalchemy import Engine

from jobs.core.failure import record_failure
from jobs.core.masking import masked
from jobs.core.postgres import execute

log = logging.getLogger(__name__)

_SAMPLE_SECONDS = 0.5


@dataclass
class Outcome:
    """What a job tells about its work.

    Attributes:
        run_id: the run; a job that opens it says so before it ends. Without one, nothing is recorded.
        rows: rows it wrote, where it counts any.
    """

    run_id: int | None
    rows: int | None = None


@contextmanager
def recorded(task: str, *, engine: Engine, run_id: int | None = None) -> Iterator[Outcome]:
    """Log the start and end of a task; on success, record its seconds, peak memory and rows in `clv.run_task`.

    Peak memory is the largest sum of the resident sizes of the driver, its JVM and its Python workers. Pages that
    processes share count once in each, so it is an upper bound.
    """
    log_to_stderr()
    log.info("%s started for run %s", task, "that it will open" if run_id is None else run_id)
    outcome = Outcome(run_id)
    started = time.monotonic()
    with _PeakMemory() as peak:
        yield outcome
    seconds = time.monotonic() - started
    peak_mb = peak.bytes // 2**20
    cost = {"seconds": seconds, "peak_memory_mb": peak_mb, "rows": outcome.rows}
    if outcome.run_id is not None:
        execute(engine, "record_task", run_id=outcome.run_id, task=task, **cost)
    log.info("%s finished: %s rows, %.1f s, %d MB at the peak", task, outcome.rows, seconds, peak_mb)


def run_as_program(main: Callable[[], None]) -> None:
    """Run a job's `main` as the program that it is: its exit code tells whether trying again can help.

    A ValueError (all our refusals are) means input that is wrong, and will be wrong the next time: EX_DATAERR of
    sysexits.h. Anything else that is raised ends in 1, as always. Either way the reason is recorded, and nothing that
    is written of it holds a password.
    """
    try:
        main()
    except Exception as error:
        sys.stderr.write(masked(traceback.format_exc()))
        record_failure(error)
        sys.exit(os.EX_DATAERR if isinstance(error, ValueError) else 1)


def log_to_stderr() -> None:
    """Send our log to stderr, one line an event, without passwords."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_WithoutSecrets("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


class _WithoutSecrets(logging.Formatter):
    """Masks whatever is logged, by our libraries too."""

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))


class _PeakMemory:
    """Samples the resident size of this process's tree, the JVM above it included."""

    def __init__(self) -> None:
        self.bytes = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> _PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _sample(self) -> None:
        root = psutil.Process()
        parent = root.parent()
        if parent is not None and "java" in parent.name():
            root = parent
        while True:
            self.bytes = max(self.bytes, _resident_bytes(root) + sum(map(_resident_bytes, _python_below(root))))
            if self._done.wait(_SAMPLE_SECONDS):
                return


def _python_below(root: psutil.Process) -> list[psutil.Process]:
    """The Python processes below one; the JVM's own children share its pages until they become another program."""
    return [process for process in root.children(recursive=True) if _name(process).startswith("python")]


def _name(process: psutil.Process) -> str:
    try:
        return str(process.name())
    except psutil.NoSuchProcess:
        return ""


def _resident_bytes(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0
