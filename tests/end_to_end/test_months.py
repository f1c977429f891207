"""Whole months of a small shop on the embedded stack: a real scheduler, real Spark, Postgres and MLflow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pytest
from sqlalchemy import RowMapping, text

from jobs.core.month import Month
from jobs.core.postgres import engine, fetch
from jobs.local_stack import postgres_server, spark_classes
from jobs.local_stack.backups import back_up, restore
from jobs.local_stack.demo import RunFailedError, run_month, summary
from jobs.local_stack.environment import stack_environment
from jobs.local_stack.home import current_home
from jobs.local_stack.java import java_home
from jobs.local_stack.processes import MARK
from jobs.local_stack.stack import Stack, clean, down, remembered, up
from jobs.local_stack.start import DAG
from jobs.publishing.report import top_customers
from tests.erasure.search import files_that_hold
from tests.stacks import MONTHS, small_shop

pytestmark = pytest.mark.slow

LAST = Month(2025, 6)
BACKFILLED = LAST.plus(-1).through(LAST)
DEADLINE_SECONDS = 2400


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with small_shop(tmp_path_factory.mktemp("state"), LAST) as stack:
        yield stack


@pytest.fixture(scope="module")
def backfilled(stack: Stack) -> list[dict[str, Any]]:
    """The runs of a backfill of two months, oldest first, after they have ended."""
    api = stack.api()
    api.patch(f"/dags/{DAG}", {"is_paused": False})
    first, last = (datetime.combine(month.first_day, datetime.min.time(), UTC) for month in (BACKFILLED[0], LAST))
    backfill = {"from_date": first.isoformat(), "to_date": last.isoformat(), "max_active_runs": 1}
    api.post("/backfills", {"dag_id": DAG, **backfill})
    return wait_until_ended(stack, run_type="backfill")


def wait_until_ended(stack: Stack, dag: str = DAG, **query: str) -> list[dict[str, Any]]:
    deadline = time.monotonic() + DEADLINE_SECONDS
    api = stack.api()
    while True:
        runs: list[dict[str, Any]] = api.get(f"/dags/{dag}/dagRuns", order_by="logical_date", **query)["dag_runs"]
        if runs and all(run["state"] in ("success", "failed") for run in runs):
            return runs
        assert time.monotonic() < deadline, [(run["dag_run_id"], run["state"]) for run in runs]
        time.sleep(1)


def test_a_backfill_runs_its_months_one_after_the_other(backfilled: list[dict[str, Any]]) -> None:
    assert [run["state"] for run in backfilled] == ["success"] * 2
    assert [run["logical_date"][:7] for run in backfilled] == [str(month) for month in BACKFILLED]
    for earlier, later in pairwise(backfilled):
        assert earlier["end_date"] <= later["start_date"]


def test_the_note_of_each_run_tells_its_month(backfilled: list[dict[str, Any]]) -> None:
    for run, month in zip(backfilled, BACKFILLED, strict=True):
        assert run["note"].startswith(f"Month {month}: forecast of the twelve months from {month.as_of} on")


def test_every_known_customer_of_every_month_is_published(stack: Stack, backfilled: list[dict[str, Any]]) -> None:
    customers = {month.as_of: known_customers(stack, month.as_of) for month in BACKFILLED}
    assert {as_of: rows for as_of, (_, rows) in published_months(stack).items()} == customers


def published_months(stack: Stack) -> dict[date, tuple[int, int]]:
    """as_of → run and rows, as readers of the history see them; oldest first."""
    query = "SELECT as_of, min(run_id), count(*) FROM clv.forecast GROUP BY as_of ORDER BY as_of"
    with engine(stack.database_url).connect() as reader:
        return {as_of: (run_id, rows) for as_of, run_id, rows in reader.execute(text(query))}


def published(stack: Stack) -> list[RowMapping]:
    """What readers see, and what it was made from."""
    query = "SELECT * FROM clv.all_runs WHERE status = 'published' ORDER BY run_id"
    with engine(stack.database_url).connect() as reader:
        return list(reader.execute(text(query)).mappings())


def known_customers(stack: Stack, as_of: date) -> int:
    """Accounts opened before a day, as the shop delivered them."""
    list_of = stack.home.landing / "customers" / f"month={Month.before(as_of)}"
    accounts = pd.read_csv(list_of / "part-00000.csv.gz", dtype=str)
    return int(accounts.loc[accounts["signup_date"] < str(as_of), "customer_id"].nunique())


def test_the_first_month_ingests_the_history_and_the_next_only_themselves(backfilled: list[dict[str, Any]]) -> None:
    assert f"Ingests {MONTHS - 1} months" in backfilled[0]["note"]
    for run, month in zip(backfilled[1:], BACKFILLED[1:], strict=True):
        assert f"Ingests 1 month ({month})" in run["note"]


def test_every_task_leaves_what_it_cost(stack: Stack, backfilled: list[dict[str, Any]]) -> None:
    unmeasured = {"plan.note", "plan.go_on"}
    in_dag = {task["task_id"] for task in stack.api().get(f"/dags/{DAG}/tasks")["tasks"]}
    tasks = set(in_dag) - unmeasured
    database = engine(stack.database_url)
    for run_id, _ in published_months(stack).values():
        assert {task["task"] for task in fetch(database, "run_tasks", run_id=run_id)} == tasks


def test_the_summary_shows_the_most_valuable_customers_and_where_to_look(
    stack: Stack, backfilled: list[dict[str, Any]]
) -> None:
    run_id, _ = published_months(stack)[LAST.as_of]
    log = summary(stack, {"as_of": str(LAST.as_of), "run_id": run_id})
    assert f"The ten most valuable customers of the twelve months from {LAST.as_of} on" in log
    assert f"{stack.airflow_url}/dags/{DAG}" in log
    assert "make psql" in log


@pytest.mark.parametrize(
    ("sharing", "is_archived", "starts"), [("on", True, True), ("on", False, False), ("auto", False, True)]
)
def test_spark_takes_its_classes_from_the_archive_and_goes_without_one_that_is_not_there(
    stack: Stack, backfilled: list[dict[str, Any]], sharing: str, is_archived: bool, starts: bool
) -> None:
    java = java_home(stack.home.java)
    environment = stack_environment(stack.home, stack.ports, java)
    archive = str(spark_classes.archive(stack.home.java, java))
    assert archive in environment["SPARK_SUBMIT_OPTS"]
    options = environment["SPARK_SUBMIT_OPTS"].replace(archive, archive if is_archived else f"{archive}.missing")
    environment["SPARK_SUBMIT_OPTS"] = f"-Xshare:{sharing} {options}"
    spark_submit = Path(sys.executable).with_name("spark-submit")
    done = subprocess.run([spark_submit, "--version"], env=environment, capture_output=True, check=False)
    assert (done.returncode == 0) == starts


def test_a_month_that_is_not_closed_fails_at_once_and_says_which_months_can_be_run(stack: Stack) -> None:
    with pytest.raises(RunFailedError) as failure:
        run_month(stack, str(LAST.plus(1)))
    first = LAST.plus(1 - MONTHS)
    assert "Task plan.plan failed" in str(failure.value)
    assert f"month {LAST.plus(1)} is not closed" in str(failure.value)
    assert f"Months that can be run: {first} to {LAST}" in str(failure.value)


def test_maintenance_removes_a_run_that_ended_long_ago_from_airflow(
    stack: Stack, backfilled: list[dict[str, Any]]
) -> None:
    api = stack.api()
    [failed] = api.get(f"/dags/{DAG}/dagRuns", state="failed")["dag_runs"]
    age = text("UPDATE dag_run SET end_date = end_date - interval '3 years' WHERE run_id = :run_id")
    url = postgres_server.url(postgres_server.SUPERUSER, "airflow", stack.home.sockets(), stack.ports.postgres)
    with engine(url).begin() as connection:
        connection.execute(age, {"run_id": failed["dag_run_id"]})
    api.post("/dags/clv_maintenance/dagRuns", {"logical_date": None, "conf": {}})
    [run] = wait_until_ended(stack, "clv_maintenance")
    assert run["state"] == "success"
    assert run["note"].startswith("This attempt has removed 1 runs from Airflow that ended before ")
    left = api.get(f"/dags/{DAG}/dagRuns")["dag_runs"]
    assert {one["dag_run_id"] for one in left} == {one["dag_run_id"] for one in backfilled}


def test_a_stack_that_is_up_is_not_started_again(stack: Stack) -> None:
    pid_file = stack.home.folder / "supervisord.pid"
    before = pid_file.read_text()
    assert up(stack.home) == stack
    assert pid_file.read_text() == before


def test_an_unclean_end_leaves_nothing_that_keeps_the_stack_from_starting(
    stack: Stack, backfilled: list[dict[str, Any]]
) -> None:
    psutil.Process(int((stack.home.folder / "supervisord.pid").read_text())).kill()
    again = up(stack.home)
    assert again.api().is_healthy()
    assert list(published_months(again)) == [month.as_of for month in BACKFILLED]


def test_a_backup_brings_the_shop_back_after_everything_is_gone(
    stack: Stack, backfilled: list[dict[str, Any]], tmp_path: Path
) -> None:
    state, backup = stack.home.folder.parent, tmp_path / "backup"
    before, served = published(stack), stack.api().get(f"/dags/{DAG}/dagRuns")["total_entries"]
    with pytest.raises(SystemExit, match="is in the shop's own folder"):
        back_up(stack.home, stack.home.folder / "backup")
    assert back_up(stack.home, backup) == 0
    with pytest.raises(SystemExit, match="exists: nothing was restored"):
        restore(backup, state)
    clean(state)
    assert not stack.home.folder.exists()

    assert restore(backup, state) == 0
    again = up(current_home(state))
    assert again.admin_password == json.loads((backup / "stack" / "secrets.json").read_text())["admin_password"]
    assert published(again) == before
    assert again.api().get(f"/dags/{DAG}/dagRuns")["total_entries"] == served
    command = [sys.executable, "-m", "jobs.local_stack.job", "jobs.reproduce", f"--run-id={before[-1]['run_id']}"]
    subprocess.run(command, env=os.environ | {"CLV_HOME": str(state)}, check=True)


def test_an_erased_customer_is_in_no_file_and_does_not_come_back(
    stack: Stack, backfilled: list[dict[str, Any]]
) -> None:
    """On the stack that was restored, where a month runs as before."""
    home, stack = stack.home, remembered(stack.home)
    database = engine(stack.database_url)
    [*_, before] = published(stack)
    [erased, stays] = [row["customer_id"] for row in top_customers(database, before["as_of"])[:2]]
    command = [sys.executable, "-m", "jobs.local_stack.job", "jobs.forget", f"--customer={erased}", "--by=Ada"]
    environ = os.environ | {"CLV_HOME": str(home.folder.parent)}
    done = subprocess.run([*command, "--because=request 17"], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "remove them there, or they stay in the shop's deliveries" in done.stderr

    def places(customer: str) -> set[str]:
        return {path.partition("/")[0] for path in files_that_hold(customer, home.folder)}

    assert places(stays) == {"landing", "lake", "postgres"}
    assert places(erased) == {"landing"}
    assert run_month(stack, str(LAST))["run_id"] > before["run_id"]
    assert published(stack)[-1]["forecast_rows"] == before["forecast_rows"] - 1
    superuser = engine(postgres_server.url(postgres_server.SUPERUSER, "clv", home.sockets(), stack.ports.postgres))
    with superuser.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("CHECKPOINT"))
    assert places(erased) == {"landing"}


def test_stopping_leaves_no_process_behind(stack: Stack) -> None:
    down(stack.home.folder.parent)
    left = []
    for process in psutil.process_iter(["cmdline"]):
        try:
            if process.environ().get(MARK) == str(stack.home.folder) or str(stack.home.folder) in process.cmdline():
                left.append(process.cmdline())
        except (psutil.Error, OSError):
            continue
    assert left == []
