"""A marked password, and everything that real jobs write while they have it."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from tests.conftest import ROOT, Database

SECRET = "s3cr3t-that-is-marked"

END = ["--end", "2025-06"]


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop") / "landing"
    size = ["--customers", "50", "--months", "4", *END]
    subprocess.run([sys.executable, "-m", "jobs.simulate", *size, "--out", str(folder)], check=True, cwd=ROOT)
    return folder


def run(module: str, *arguments: str, environ: dict[str, str]) -> tuple[int, str, set[str]]:
    """Run a job; its exit code, all it wrote, and the command lines of its processes."""
    command = [sys.executable, "-m", module, *arguments]
    seen: set[str] = set()
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as job:
        while job.poll() is None:
            with suppress(psutil.Error):
                family = [psutil.Process(job.pid), *psutil.Process(job.pid).children(recursive=True)]
                seen |= {" ".join(process.cmdline()) for process in family}
            with suppress(subprocess.TimeoutExpired):
                job.wait(0.05)
        output, _ = job.communicate()
    return job.returncode, output, seen


@pytest.fixture
def environ(landing: Path, database: Database, tmp_path: Path) -> dict[str, str]:
    return {
        "CLV_SOURCE": "simulated_shop",
        "CLV_LANDING": str(landing),
        "CLV_LAKE": str(tmp_path / "lake"),
        "CLV_REPORTS": str(tmp_path / "reports"),
        "CLV_DATABASE_URL": database.writer_url.replace("clv_writer@", f"clv_writer:{SECRET}@"),
        "MLFLOW_TRACKING_URI": f"http://mlflow:{SECRET}@127.0.0.1:9",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        "AIRFLOW_CTX_DAG_RUN_ID": "manual__1",
        "AIRFLOW_CTX_TASK_ID": "plan.plan",
        "AIRFLOW_CTX_TRY_NUMBER": "1",
    }


def rows(database: Database) -> str:
    """Every row of every table of ours, as text."""
    tables = "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'clv'::regnamespace AND relkind = 'r'"
    with database.owner.connect() as connection:
        names = list(connection.execute(text(tables)).scalars())
        actual = [connection.execute(text(f"SELECT t::text FROM {name} AS t")).scalars().all() for name in names]  # noqa: S608
    return "\n".join(row for rows in actual for row in rows)


def plan(environ: dict[str, str], month: str) -> tuple[int, str, set[str]]:
    options = ["--run-type", "manual", "--logical-date", "", "--month", month, "--dag-run-id", "manual__1"]
    return run("jobs.plan", *options, environ=environ)


def test_jobs_that_succeed_keep_the_password_to_themselves(environ: dict[str, str], database: Database) -> None:
    code, output, commands = plan(environ, "2025-06")
    assert code == 0, output
    reported, report, others = run("jobs.report", "--run-id", "1", environ=environ)
    assert (reported, "http://mlflow:***@127.0.0.1:9" in report) == (0, True), report
    assert "jobs.plan" in " ".join(commands)
    for written in (output, report, rows(database), *commands, *others):
        assert SECRET not in written


@pytest.mark.parametrize(
    ("module", "arguments", "changed"),
    [
        ("jobs.plan", ["--month", "2030-01"], {}),
        (
            "jobs.plan",
            ["--month", "2025-06"],
            {"CLV_DATABASE_URL": f"postgresql+psycopg2://w:{SECRET}@127.0.0.1:9/clv"},
        ),
        ("jobs.plan", ["--month", "2025-06"], {"CLV_DATABASE_URL": f"nonsense://w:{SECRET}@127.0.0.1:9/clv"}),
        ("jobs.plan", ["--month", "2025-06"], {"CLV_DATABASE_URL": f"postgresql+psycopg2://w:{SECRET}@:port/clv"}),
        ("jobs.choose_champion", ["--model-version", "3", "--by", "me", "--because", "x"], {}),
    ],
)
def test_jobs_that_fail_keep_the_password_to_themselves(
    environ: dict[str, str], database: Database, module: str, arguments: list[str], changed: dict[str, str]
) -> None:
    planned = ["--run-type", "manual", "--logical-date", "", "--dag-run-id", "manual__1"]
    extra = planned if module == "jobs.plan" else []
    code, output, commands = run(module, *extra, *arguments, environ=environ | changed)
    assert code != 0
    assert "Traceback" in output
    for written in (output, rows(database), *commands):
        assert SECRET not in written
