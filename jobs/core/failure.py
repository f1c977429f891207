"""Record why a task failed, on one line in `clv.run_failure`: Airflow itself keeps only the exit code and the log.

Airflow sets environment variables that name the DAG run, task and attempt of a process. A job that is started by hand
has none of them and records nothing.
"""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import date
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from jobs.core.masking import masked
from jobs.core.messages import message_of
from jobs.core.postgres import engine, execute
from jobs.core.refusal import RefusedError

log = logging.getLogger(__name__)

LONGEST_REASON = 500
"""In characters; a limit of the table `clv.run_failure`."""

AS_OF: ContextVar[date | None] = ContextVar("as_of", default=None)
"""First day after the data month that this process works on; None while it is not known."""

_PACKAGE = Path(__file__).parents[1]

_TASK = {
    "task": "AIRFLOW_CTX_TASK_ID",
    "attempt": "AIRFLOW_CTX_TRY_NUMBER",
}


def dag_run_name(environ: Mapping[str, str] = os.environ) -> str | None:
    """The Airflow run as Postgres names it: its id, with `margin/` before it in `clv_monthly_margin`; None without.

    Scheduled runs of both DAGs have the same id.
    """
    run_id = environ.get("AIRFLOW_CTX_DAG_RUN_ID")
    return f"margin/{run_id}" if run_id and environ.get("AIRFLOW_CTX_DAG_ID") == "clv_monthly_margin" else run_id


def reason_of(error: BaseException) -> str:
    """An exception's type and `message_of` it on one short line, without secrets; for a RefusedError, no type.

    If no message remains, the reason says where the exception was raised.
    """
    name = type(error).__name__
    message = one_line(masked(message_of(error)))
    reason = message if isinstance(error, RefusedError) and message else f"{name}: {message}"
    if not message:
        reason = name + _place_of(error)
    return reason if len(reason) <= LONGEST_REASON else f"{reason[: LONGEST_REASON - 1]}…"


def _place_of(error: BaseException) -> str:
    """The last line of the package `jobs` that an exception passed, as ` at file.py:line`; empty if there is none."""
    passed = [(Path(frame.f_code.co_filename), line) for frame, line in traceback.walk_tb(error.__traceback__)]
    ours = [f" at {path.name}:{line}" for path, line in passed if path.is_relative_to(_PACKAGE)]
    return ours[-1] if ours else ""


def one_line(text: str) -> str:
    """The text with each run of whitespace and unprintable characters replaced by one space."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def record_failure(error: BaseException, environ: Mapping[str, str] = os.environ, *, as_of: date | None = None) -> None:
    """Record the reason in `clv.run_failure` if Airflow started this process; log a warning if Postgres fails.

    Args:
        error: what ended the task.
        environ: the process's environment.
        as_of: first day after the data month of the task; None if it is not known.
    """
    task = {name: environ.get(variable) for name, variable in _TASK.items()}
    task["dag_run_id"] = dag_run_name(environ)
    url = environ.get("CLV_DATABASE_URL")
    if url and all(task.values()):
        try:
            execute(
                engine(url),
                "record_failure",
                as_of=as_of,
                reason=reason_of(error),
                was_refused=isinstance(error, RefusedError),
                **task,
            )
        except SQLAlchemyError as unrecorded:
            log.warning("the reason could not be recorded: %s", reason_of(unrecorded))
