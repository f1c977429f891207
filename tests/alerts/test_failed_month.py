"""The month of a failure: from what the job was asked for, or from what it found out before it failed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pytest

from jobs import await_delivery, plan, publish
from jobs.core.task import run_as_program
from tests.conftest import Database
from tests.forecasts import DECEMBER, NOVEMBER, seen
from tests.forecasts import plan as planned

ROWS = "Invoice,StockCode,Quantity,InvoiceDate,Price,Customer ID\n1,A,2,{}-05 10:00:00,2.50,c1\n"


@pytest.fixture(autouse=True)
def airflow(database: Database, landing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task of an Airflow run, of a shop that has delivered September and November, but not October."""
    for month in ("2011-09", "2011-11"):
        folder = landing / "transactions" / f"month={month}"
        folder.mkdir(parents=True)
        (folder / "part.csv").write_text(ROWS.format(month))
        (folder / "_SUCCESS").touch()
    variables = {
        "CLV_SOURCE": "online_retail_ii",
        "CLV_LANDING": str(landing),
        "CLV_LAKE": str(tmp_path / "lake"),
        "CLV_DATABASE_URL": database.writer_url,
        "AIRFLOW_CTX_DAG_RUN_ID": "the run",
        "AIRFLOW_CTX_TASK_ID": "plan.plan",
        "AIRFLOW_CTX_TRY_NUMBER": "1",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def failed(
    database: Database, main: Callable[[Sequence[str]], None], *arguments: str
) -> tuple[int, date | None, str | None, bool]:
    """The exit code of a job, and the month and kind of the failure that it recorded."""
    with pytest.raises(SystemExit) as end:
        run_as_program(lambda: main(arguments))
    [row] = seen(database, "run_failures")
    return end.value.code, row["as_of"], row["data_month"], row["was_refused"]  # type: ignore[return-value]


def asked(month: str = "", run_type: str = "manual", logical_date: str = "") -> list[str]:
    return ["--run-type", run_type, "--logical-date", logical_date, "--month", month]


PLAN = ["--dag-run-id", "the run"]


def test_a_refused_plan_has_the_month_that_was_asked_for(database: Database) -> None:
    assert failed(database, plan.main, *asked("2012-02"), *PLAN) == (65, date(2012, 3, 1), "2012-02", True)


@pytest.mark.parametrize("run_type", ["scheduled", "backfill"])
def test_a_refused_plan_has_the_month_of_its_schedule(database: Database, run_type: str) -> None:
    arguments = asked(run_type=run_type, logical_date="2011-02-01T00:00:00+00:00")
    assert failed(database, plan.main, *arguments, *PLAN) == (65, date(2011, 3, 1), "2011-02", True)


def test_a_refused_plan_has_the_month_that_it_chose(database: Database) -> None:
    arguments = asked(logical_date="2012-02-01T00:00:00+00:00")
    assert failed(database, plan.main, *arguments, *PLAN) == (65, DECEMBER, "2011-11", True)


def test_a_plan_that_fails_before_it_chooses_a_month_has_none(
    database: Database, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLV_LANDING", str(landing / "nowhere"))
    assert failed(database, plan.main, *asked(), *PLAN) == (65, None, None, True)


def test_a_task_that_lacks_a_setting_has_the_month_that_it_was_given(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLV_SOURCE")
    assert failed(database, await_delivery.main, *asked("2011-10")) == (65, NOVEMBER, "2011-10", True)


def test_a_task_of_a_run_has_its_month_and_an_unexpected_error_is_no_refusal(database: Database) -> None:
    run_id = planned(database.writer, DECEMBER)
    arguments = ["--as-of", str(DECEMBER), "--run-id", str(run_id)]
    assert failed(database, publish.main, *arguments) == (1, DECEMBER, "2011-11", False)
