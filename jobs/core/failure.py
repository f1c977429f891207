"""Record why a task failed, on one line in `clv.run_failure`: Airflow itself keeps only the exit code and the log.

Airflow sets environment variables that name the DAG run, task and attempt of a process. A job that is started by hand
has none of them and records nothing.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping

from sqlalchemy.exc import SQLAlchemyError

from jobs.core.masking import masked
from jobs.core.postgres import engine, execute
from jobs.core.refusal import RefusedError

log = logging.getLogger(__name__)

LONGEST_REASON = 500
"""In characters; a limit of the table `clv.run_failure`."""

_TASK = {
    "dag_run_id": "AIRFLOW_CTX_DAG_RUN_ID",
    "task": "AIRFLOW_CTX_TASK_ID",
    "attempt": "AIRFLOW_CTX_TRY_NUMBER",
}


def reason_of(error: BaseException) -> str:
    """An exception's type and message on one short line, without secrets; for a RefusedError, the message alone."""
    name = type(error).__name__
    message = one_line(masked(str(error)))
    reason = message if isinstance(error, RefusedError) and message else f"{name}: {message}".removesuffix(": ")
    return reason if len(reason) <= LONGEST_REASON else f"{reason[: LONGEST_REASON - 1]}…"


def one_line(text: str) -> str:
    """The text with each run of whitespace and unprintable characters replaced by one space."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def record_failure(error: BaseException, environ: Mapping[str, str] = os.environ) -> None:
    """Record the reason in `clv.run_failure` if Airflow started this process; log a warning if Postgres fails."""
    task = {name: environ.get(variable) for name, variable in _TASK.items()}
    url = environ.get("CLV_DATABASE_URL")
    if url and all(task.values()):
        try:
            execute(engine(url), "record_failure", reason=reason_of(error), **task)
        except SQLAlchemyError as unrecorded:
            log.warning("the reason could not be recorded: %s", reason_of(unrecorded))
