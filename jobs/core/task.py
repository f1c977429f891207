"""What every job's `main` shares: logging, exit codes, and the record of a task's cost in `clv.run_task`."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from types import TracebackType

import psutil
from sqlalchemy import Engine

from jobs.core.failure import AS_OF, reason_of, record_failure
from jobs.core.fence import refuse_superseded
from jobs.core.masking import masked
from jobs.core.messages import traceback_of
from jobs.core.postgres import execute
from jobs.core.refusal import RefusedError

log = logging.getLogger(__name__)

_SAMPLE_SECONDS = 0.5
_CHATTY = ("great_expectations", "py4j")
"""Libraries that log what only their authors need."""

_ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


@dataclass
class Outcome:
    """What a job reports about its work.

    Attributes:
        run_id: the run; the job that opens the run sets it. If it is None, nothing is recorded.
        rows: rows that the job wrote, if it counts them.
    """

    run_id: int | None
    rows: int | None = None


@contextmanager
def recorded(task: str, *, engine: Engine, run_id: int | None = None, is_fenced: bool = True) -> Iterator[Outcome]:
    """Log the start and end of a task; on success, record its duration, peak memory and rows in `clv.run_task`.

    Raises SupersededError at the start if a newer plan has taken the run's place. A task that only reads is not fenced.

    Peak memory is the largest sum of the resident sizes of the driver, its JVM and its Python workers. It is an upper
    bound: a page that processes share counts once for each.
    """
    log_to_stderr()
    log.info("%s started for run %s", task, "(not opened yet)" if run_id is None else run_id)
    if run_id is not None and is_fenced:
        refuse_superseded(engine, run_id)
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
    """Run a job's `main`; the exit code says whether a retry can help.

    A RefusedError exits with 65, EX_DATAERR of sysexits.h. Any other exception, a ValueError of a library too, may be
    a bug or a passing fault: it exits with 1. In both cases the reason is recorded, with the month in AS_OF, and is
    the last line of the log, with passwords masked.
    """
    context = copy_context()
    try:
        context.run(main)
    except Exception as error:
        sys.stderr.write(masked(traceback_of(error)) + "\n")
        record_failure(error, as_of=context.get(AS_OF))
        log_to_stderr()
        log.error("%s", reason_of(error))
        sys.exit(os.EX_DATAERR if isinstance(error, RefusedError) else 1)


def log_to_stderr() -> None:
    """Log to stderr, one line per event, with passwords masked."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_WithoutSecrets("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for library in _CHATTY:
        logging.getLogger(library).setLevel(logging.WARNING)


class _WithoutSecrets(logging.Formatter):
    """Masks every log record, those of libraries too, and shows their exceptions as `traceback_of` does."""

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))

    def formatException(self, ei: _ExceptionInfo) -> str:
        return traceback_of(ei[1]) if ei[1] is not None else ""


class _PeakMemory:
    """Samples the resident size of this process, its children, and the JVM that started it."""

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
    """The Python processes below one. Other children of a JVM are forks that share its pages until they exec."""
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
