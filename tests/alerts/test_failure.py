"""The reason that a failed job leaves: in one line, short, without secrets, and only where it is a task's."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.core.failure import LONGEST_REASON, reason_of, record_failure
from jobs.core.masking import masked
from jobs.core.refusal import RefusedError
from jobs.quality.findings import ValidationFailedError
from tests.conftest import ROOT, Database
from tests.forecasts import DECEMBER, plan, seen

TASK = {
    "AIRFLOW_CTX_DAG_RUN_ID": f"manual__{DECEMBER}",
    "AIRFLOW_CTX_TASK_ID": "ingest",
    "AIRFLOW_CTX_TRY_NUMBER": "2",
}
BROKEN_RULE = "The inputs as of 2011-12-01 break 1 critical rule(s): transactions.volume (observed 12, allowed ≥ 900)."


@given(st.text())
def test_a_reason_is_one_short_printable_line(text: str) -> None:
    for error in (RefusedError(text), OSError(text)):
        reason = reason_of(error)
        assert 0 < len(reason) <= LONGEST_REASON
        assert reason.isprintable()


def test_a_refusal_speaks_for_itself_and_another_error_names_its_kind() -> None:
    assert reason_of(ValidationFailedError(BROKEN_RULE)) == BROKEN_RULE
    assert reason_of(KeyError("customer 12346")) == "KeyError"
    assert reason_of(ValueError("negative dimensions")) == "ValueError: negative dimensions"
    assert reason_of(MemoryError()) == "MemoryError"


@pytest.mark.parametrize(
    "text",
    [
        "cannot reach postgresql+psycopg2://clv_writer:s3cr3t/+@db/clv",
        "API request to http://mlflow:s3cr3t%2F%2B@mlflow:5000/api failed",
        "host=db password='s3cr3t/+' user=x",
        "PASSWORD=s3cr3t/+ user=x",
        "the server said: s3cr3t/+ is wrong",
        "the server said: s3cr3t%2F%2B is wrong",
        "bearer t0k3n refused",
    ],
)
def test_no_password_stays_in_a_text(text: str) -> None:
    environ = {
        "CLV_DATABASE_URL": "postgresql+psycopg2://clv_writer:s3cr3t%2F%2B@db/clv",
        "MLFLOW_TRACKING_TOKEN": "t0k3n",
    }
    assert "s3cr3t" not in masked(text, environ=environ)
    assert "t0k3n" not in masked(text, environ=environ)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no answer of https://h:80/a/b?token=s3cr3t&x=1 in time", "no answer of https://h:80/a/b in time"),
        ("'s3://b/k?X-Amz-Signature=s3cr3t': denied", "'s3://b/k': denied"),
        ("https://u:pw@h/a?token=s3cr3t#x", "https://u:***@h/a"),
        (
            "Max retries exceeded with url: /api?token=s3cr3t (Caused by",
            "Max retries exceeded with url: /api (Caused by",
        ),
        ("is it http://h/a? or part-?.csv", "is it http://h/a? or part-?.csv"),
    ],
)
def test_the_query_of_a_url_is_not_shown(text: str, shown: str) -> None:
    assert masked(text, environ={}) == shown


def test_a_password_too_short_to_hide_leaves_the_text_readable() -> None:
    environ = {"CLV_DATABASE_URL": "postgresql://clv_writer:a@db/clv"}
    assert masked("a table postgresql://clv_writer:a@db/clv", environ=environ) == (
        "a table postgresql://clv_writer:***@db/clv"
    )


def test_a_failed_attempt_is_recorded_once_with_the_newest_run_planned_for_it(database: Database) -> None:
    plan(database.writer, DECEMBER)
    run_id = plan(database.writer, DECEMBER)
    environ = TASK | {"CLV_DATABASE_URL": database.writer_url}
    record_failure(ValidationFailedError(BROKEN_RULE), environ)
    record_failure(ValidationFailedError("again"), environ)
    record_failure(OSError("nul \0 and ½ a surrogate \ud800"), environ | {"AIRFLOW_CTX_TRY_NUMBER": "3"})
    first, second = seen(database, "run_failures")
    assert (first["run_id"], first["as_of"], first["reason"]) == (run_id, DECEMBER, BROKEN_RULE)
    assert (second["attempt"], second["reason"]) == (3, "OSError: nul and ½ a surrogate")


def test_a_failure_before_any_plan_has_no_run(database: Database) -> None:
    record_failure(ValueError("no month"), TASK | {"CLV_DATABASE_URL": database.writer_url})
    [row] = seen(database, "run_failures")
    assert (row["run_id"], row["as_of"], row["task"]) == (None, None, "ingest")


def test_a_job_started_by_hand_records_nothing(database: Database) -> None:
    record_failure(ValueError("no month"), {"CLV_DATABASE_URL": database.writer_url})
    assert seen(database, "run_failures") == []


IMPORTS = "from jobs.core.refusal import RefusedError\nfrom jobs.core.task import run_as_program"


def run(body: str, **environ: str) -> subprocess.CompletedProcess[str]:
    program = f"{IMPORTS}\ndef main():\n    {body}\nrun_as_program(main)"
    return subprocess.run(
        [sys.executable, "-c", program], env=os.environ | TASK | environ, cwd=ROOT, capture_output=True, text=True
    )


@pytest.mark.parametrize(("error", "code"), [("RefusedError", 65), ("OSError", 1)])
def test_a_program_that_fails_leaves_its_reason_and_keeps_its_exit_code(
    database: Database, error: str, code: int
) -> None:
    url = database.writer_url.replace("clv_writer@", "clv_writer:s3cr3t@")
    done = run(f"raise {error}('no way to {url}')", CLV_DATABASE_URL=url)
    assert done.returncode == code
    assert "Traceback" in done.stderr
    [row] = seen(database, "run_failures")
    assert "no way to postgresql+psycopg2://clv_writer:***@" in row["reason"]
    assert "s3cr3t" not in done.stderr + row["reason"]
    assert done.stderr.splitlines()[-1] == f"ERROR jobs.core.task: {row['reason']}"


@pytest.mark.parametrize(
    "body",
    [
        "raise ValueError('negative dimensions')",
        "import pyarrow; raise pyarrow.ArrowInvalid('not a Parquet file')",
        "import json; json.loads('{')",
        "import numpy; numpy.linalg.inv(numpy.zeros((2, 2)))",
        "import xgboost; raise xgboost.core.XGBoostError('no features')",
    ],
)
def test_an_unexpected_value_error_is_a_bug_and_named_as_one(database: Database, body: str) -> None:
    done = run(body, CLV_DATABASE_URL=database.writer_url)
    assert done.returncode == 1
    [row] = seen(database, "run_failures")
    kind = done.stderr.splitlines()[-2].partition(":")[0].rpartition(".")[2]
    assert row["reason"].startswith(f"{kind}: ")


def test_a_program_that_cannot_reach_postgres_still_ends_with_its_own_error() -> None:
    done = run("raise RefusedError('half a file')", CLV_DATABASE_URL="postgresql+psycopg2://x:s3cr3t@127.0.0.1:9/clv")
    assert done.returncode == 65
    assert "RefusedError: half a file" in done.stderr
    assert "the reason could not be recorded: OperationalError" in done.stderr
    assert "s3cr3t" not in done.stderr


def test_the_exit_of_a_program_and_its_success_are_its_own(database: Database) -> None:
    assert run("raise SystemExit(3)", CLV_DATABASE_URL=database.writer_url).returncode == 3
    assert run("pass", CLV_DATABASE_URL=database.writer_url).returncode == 0
    assert seen(database, "run_failures") == []
