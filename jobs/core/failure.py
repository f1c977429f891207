"""Why a task failed, in a line: Airflow knows a job's exit code alone, and the rest stands in its log.

Airflow tells every process of a task which task of which run it is, by environment variables. A job that somebody
started by hand has none of them, and leaves no reason: he has it before his eyes.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping

from sqlalchemy.exc import SQLAlchemyError

from jobs.core.masking import masked
from jobs.core.postgres import engine, execute

log = logging.getLogger(__name__)

LONGEST_REASON = 500
"""Characters; the table `clv.run_failure` takes no more."""

_TASK = {
    "dag_run_id": "AIRFLOW_CTX_DAG_RUN_ID",
    "task": "AIRFLOW_CTX_TASK_ID",
    "attempt": "AIRFLOW_CTX_TRY_NUMBER",
}


def reason_of(error: BaseException) -> str:
    """An exception's message as one short line without secrets; of a refusal of ours (a ValueError) nothing else."""
    name = type(error).__name__
    message = one_line(masked(str(error)))
    reason = message if isinstance(error, ValueError) and message else f"{name}: {message}".removesuffix(": ")
    return reason if len(reason) <= LONGEST_REASON else f"{reason[: LONGEST_REASON - 1]}…"


def one_line(text: str) -> str:
    """The text with a space for every run of line breaks, other white space and what cannot be printed."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def record_failure(error: BaseException, environ: Mapping[str, str] = os.environ) -> None:
    """Leave the reason in `clv.run_failure`, where this process is a task's; without Postgres, say so in the log."""
    task = {name: environ.get(variable) for name, variable in _TASK.items()}
    url = environ.get("CLV_DATABASE_URL")
    if url and all(task.values()):
        try:
            execute(engine(url), "record_failure", reason=reason_of(error), **task)
        except SQLAlchemyError as unrecorded:
            log.warning("the reason could not be recorded: %s", reason_of(unrecorded))
