"""A marked row, and everything that is said of it when jobs fail for real: no reason, log or alert quotes it."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pytest
from pyspark.sql import SparkSession
from sqlalchemy import text

from jobs.core.failure import reason_of
from jobs.core.messages import traceback_of
from jobs.ingest import main as ingest
from jobs.lake.lake import Lake
from jobs.landing.file_checks import LandingError
from jobs.quality.findings import ValidationFailedError
from tests.alerts.receivers import Webhook, serving
from tests.conftest import ROOT, Database
from tests.forecasts import DECEMBER, plan, row, scored, seen, write

MARK = "MARKED-customer-x"
HEADER = "Invoice,StockCode,Quantity,InvoiceDate,Price,Customer ID\n"
GOOD = "1,A,2,2011-11-05 10:00:00,2.50,c1\n"


def run(module: str, *arguments: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a job as Airflow does."""
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)


@pytest.fixture
def environ(database: Database, lake: Lake, landing: Path) -> dict[str, str]:
    return os.environ | {
        "CLV_SOURCE": "online_retail_ii",
        "CLV_LANDING": str(landing),
        "CLV_LAKE": lake.root,
        "CLV_REPORTS": str(Path(lake.root).with_name("reports")),
        "CLV_DATABASE_URL": database.writer_url,
        "MLFLOW_TRACKING_URI": "http://127.0.0.1:9",
        "AIRFLOW_CTX_DAG_RUN_ID": f"manual__{DECEMBER}",
        "AIRFLOW_CTX_TASK_ID": "the.task",
        "AIRFLOW_CTX_TRY_NUMBER": "1",
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_SUBMIT_ARGS": "--master local[1] --conf spark.ui.enabled=false pyspark-shell",
    }


def said(database: Database, environ: dict[str, str], job: subprocess.CompletedProcess[str]) -> str:
    """The recorded reason of a failed job; checks that neither it, nor the log, nor the alert quotes the mark."""
    assert job.returncode in (1, 65), job.stderr
    [failure] = seen(database, "run_failures")
    with serving(Webhook()) as webhook:
        receiver = {"CLV_ALERTS": json.dumps({"host": webhook.url})}
        options = [f"--dag-run-id=manual__{DECEMBER}", "--task=the.task"]
        found = run("jobs.reason", *options, "--attempt=1", "--ended=code 1", environ=environ)
        reason = json.loads(found.stdout)["reason"]
        alert = run("jobs.alert", "failed", *options, "--link=x", f"--reason={reason}", environ=environ | receiver)
    [(_, body)] = webhook.received
    assert body["reason"] == f"{failure['reason']} (code 1)"
    for told in (job.stdout, job.stderr, found.stderr, alert.stderr, json.dumps(body), str(dict(failure))):
        assert MARK not in told
    assert "Traceback" in job.stderr
    return str(failure["reason"])


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (
            [row(MARK, clv_1m=0)],
            'CheckViolation: new row for relation "forecast_rows" violates check constraint "month_01_is_clv_1m" '
            "(forecast_rows, row 1)",
        ),
        (
            [row("12346"), row(MARK), row(MARK)],
            'UniqueViolation: duplicate key value violates unique constraint "forecast_rows_pkey" '
            "(forecast_rows, row 3)",
        ),
        (
            [row(MARK, status=None)],
            'NotNullViolation: null value in column "status" of relation "forecast_rows" violates not-null constraint '
            "(forecast_rows, row 1)",
        ),
    ],
    ids=["a broken constraint", "a customer twice", "an empty column"],
)
def test_a_row_that_postgres_refuses(
    database: Database, lake: Lake, environ: dict[str, str], rows: list[dict[str, object]], reason: str
) -> None:
    run_id = plan(database.writer, DECEMBER)
    write(lake, DECEMBER, rows)
    scored(database.writer, lake, DECEMBER, run_id)
    job = run("jobs.publish", "--as-of", str(DECEMBER), "--run-id", str(run_id), environ=environ)
    assert said(database, environ, job) == reason


def planned(environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    options = [
        "--run-type",
        "manual",
        "--logical-date",
        "",
        "--month",
        "2011-11",
        "--dag-run-id",
        f"manual__{DECEMBER}",
    ]
    return run("jobs.plan", *options, environ=environ)


@pytest.mark.parametrize(
    "content",
    [
        f"1,A,2,2011-11-05,2.50,{MARK}\n".encode(),
        f"{MARK},{MARK},2,2011-11-05,2.50,c1\n".encode(),
        f"{MARK}:x:0:0:root:/root:/bin/bash\n".encode(),
        f'"{MARK},A,2\n'.encode(),
        MARK.encode() + b"\xff,A,2\n",
        b"PAR1" + MARK.encode(),
    ],
    ids=["no header", "a value twice", "no delivery", "a quotation mark never closed", "bad UTF-8", "not even CSV"],
)
def test_a_file_that_is_no_delivery(database: Database, landing: Path, environ: dict[str, str], content: bytes) -> None:
    (landing / "transactions.csv").write_bytes(content)
    reason = said(database, environ, planned(environ))
    assert "transactions.csv" in reason


INGEST = ["--months", '{"transactions": "2011-11"}', "--as-of", str(DECEMBER), "--run-id", "1"]


def deliver(landing: Path, content: bytes) -> None:
    folder = landing / "transactions" / "month=2011-11"
    folder.mkdir(parents=True)
    (folder / "part.csv").write_bytes(content)
    (folder / "_SUCCESS").touch()


def test_a_field_without_an_end(database: Database, landing: Path, environ: dict[str, str]) -> None:
    plan(database.writer, DECEMBER)
    deliver(landing, f'{HEADER}{GOOD}2,"{MARK}{"x" * 1_100_000}'.encode())
    reason = said(database, environ, run("jobs.ingest", *INGEST, environ=environ))
    assert "part.csv is damaged, or has a field of more than" in reason


@pytest.fixture
def here(environ: dict[str, str], spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> SparkSession:
    """A session in this process, with the environment of a job."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return spark


@pytest.mark.usefixtures("here")
def test_a_file_of_which_no_row_can_be_read(database: Database, landing: Path) -> None:
    plan(database.writer, DECEMBER)
    deliver(landing, f"{HEADER}1,A,2,yesterday,2.50,{MARK}\n".encode())
    with pytest.raises(LandingError, match=r"all 1 rows are rejected for unreadable_time, .* in part\.csv") as refusal:
        ingest(INGEST)
    assert MARK not in str(refusal.value)


@pytest.mark.usefixtures("here")
def test_rows_in_quarantine_are_counted_in_the_log_and_not_quoted(
    database: Database, lake: Lake, landing: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    plan(database.writer, DECEMBER, lake=lake)
    too_long = f"2,{MARK},2,2011-11-05 10:00:00,2.50,c1,one,too,many\n"
    bad_utf8 = MARK.encode() + b"\xff,A,-,2011-11-05 10:00:00,2.50,c1\n"
    deliver(landing, f"{HEADER}{GOOD}{too_long}".encode() + bad_utf8)
    with pytest.raises(ValidationFailedError, match="ends_far_too_early"):
        ingest(INGEST)
    assert "rejected for malformed_row: 1 rows" in caplog.text
    assert "1 clean" in caplog.text
    assert MARK not in caplog.text


def copied(database: Database, line: str) -> None:
    with database.owner.connect() as connection:
        cursor = connection.connection.cursor()
        cursor.execute("CREATE TEMPORARY TABLE amounts (customer text, amount numeric)")
        cursor.copy_expert("COPY amounts FROM STDIN (FORMAT csv)", io.StringIO(line))


def stated(database: Database) -> None:
    with database.owner.connect() as connection:
        connection.execute(text("SELECT cast(:value AS int)"), {"value": MARK})


RAISED: dict[str, tuple[Callable[[Database], object], str]] = {
    "a value in COPY": (
        lambda database: copied(database, f"c1,{MARK}"),
        "InvalidTextRepresentation: invalid input syntax for type numeric: … (amounts, row 1, column amount)",
    ),
    "too many values in COPY": (
        lambda database: copied(database, f"c1,1\n{MARK},1,1"),
        "BadCopyFileFormat: extra data after last expected column (amounts, row 2)",
    ),
    "a parameter": (stated, "DataError: invalid input syntax for type integer: …"),
    "a line of CSV": (
        lambda _: pa.csv.read_csv(io.BytesIO(f"a,b\n1,2\n{MARK},3,4\n".encode())),
        "ArrowInvalid: CSV parse error",
    ),
    "a value of Arrow": (lambda _: pa.array([MARK]).cast(pa.int64()), "ArrowInvalid: Failed to parse string"),
    "a value of pandas": (lambda _: pd.to_numeric(pd.Series([MARK])), "ValueError: Unable to parse string"),
    "a number": (lambda _: float(MARK), "ValueError: could not convert string to float"),
    "a date": (lambda _: date.fromisoformat(MARK), "ValueError: Invalid isoformat string"),
    "a key": (lambda _: {}[MARK], "KeyError"),
    "text": (lambda _: (MARK.encode() + b"\xff").decode(), "UnicodeDecodeError"),
    "JSON": (lambda _: json.loads(MARK), "JSONDecodeError: Expecting value"),
}


@pytest.mark.parametrize("kind", RAISED)
def test_an_error_of_a_library_says_what_it_is_without_the_value(database: Database, kind: str) -> None:
    read, reason = RAISED[kind]
    with pytest.raises(Exception) as raised:  # noqa: PT011 - of every kind
        read(database)
    assert reason_of(raised.value) == reason
    wrapped = RuntimeError("caused")
    wrapped.__cause__ = raised.value
    written = traceback_of(wrapped)
    assert MARK not in written
    assert type(raised.value).__name__ in written
    assert written.endswith("RuntimeError: caused")


def in_a_worker(spark: SparkSession) -> object:
    def converted(batches):  # type: ignore[no-untyped-def]
        for batch in batches:
            yield batch.astype(float)

    return spark.createDataFrame([(MARK,)], "x string").mapInPandas(converted, "x double").collect()


@pytest.mark.parametrize(
    ("read", "reason"),
    [
        (
            lambda spark: spark.createDataFrame([(MARK,)], "x string").selectExpr("cast(x AS int)").collect(),
            "NumberFormatException: CAST_INVALID_INPUT",
        ),
        (in_a_worker, "PythonException: ValueError"),
    ],
    ids=["a cast", "a Python worker"],
)
def test_an_error_of_spark_names_its_condition_or_classes(
    spark: SparkSession, read: Callable[[SparkSession], object], reason: str
) -> None:
    with pytest.raises(Exception, match=MARK) as raised:
        read(spark)
    assert reason_of(raised.value) == reason
    assert MARK not in traceback_of(raised.value)


SPARK_PROGRAM = f"""
from jobs.core.spark import session
from jobs.core.task import run_as_program
def main():
    rows = session("cast").createDataFrame([("{MARK[:6]}" + "{MARK[6:]}",)], "x string")
    def written(batches):
        for batch in batches:
            with open("/dev/full", "w") as full:
                full.write(str(batch))
            yield batch
    try:
        rows.mapInPandas(written, "x string").collect()
    except Exception:
        pass
    rows.selectExpr("cast(x AS int)").collect()
run_as_program(main)
"""


def test_spark_s_own_log_names_the_class_of_an_exception_and_a_phrase_of_the_system_alone(
    environ: dict[str, str],
) -> None:
    job = subprocess.run([sys.executable, "-c", SPARK_PROGRAM], cwd=ROOT, env=environ, capture_output=True, text=True)
    assert job.returncode == 1
    assert "TaskSetManager: Lost task" in job.stderr
    assert "org.apache.spark.SparkNumberFormatException\n" in job.stderr
    assert "org.apache.spark.api.python.PythonException No space left on device\n" in job.stderr
    assert MARK not in job.stdout + job.stderr


LOGGING_PROGRAM = f"""
import logging
from jobs.core.task import log_to_stderr
log_to_stderr()
try:
    float("{MARK[:6]}" + "{MARK[6:]}")
except ValueError:
    logging.getLogger("lib").exception("failed")
"""


def test_an_exception_that_a_library_logs_is_shown_without_the_value() -> None:
    command = [sys.executable, "-c", LOGGING_PROGRAM]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "ERROR lib: failed\nTraceback" in done.stderr
    assert "ValueError: could not convert string to float" in done.stderr
    assert MARK not in done.stderr
