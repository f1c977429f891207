from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from jobs.core.month import Month
from jobs.core.postgres import execute, fetch
from jobs.features.table import features
from jobs.lake.lake import Lake
from jobs.lake.tables import SESSIONS
from jobs.planning import run_plan
from jobs.sources import load
from tests.conftest import Database
from tests.forecasts import DECEMBER, publish, publish_new_run, row, write
from tests.planning.shop import NOVEMBER, OCTOBER, complete, deliver, deliver_again, ingested, planned


def test_an_empty_lake_is_caught_up_in_one_run(landing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = planned(capsys)
    assert (plan["month"], plan["as_of"]) == ("2011-11", "2011-12-01")
    assert plan["months"]["transactions"] == "2011-09,2011-10,2011-11"
    assert list(plan["months"]) == ["transactions"]


def test_the_data_month_is_ingested_again_and_what_is_there_is_left_alone(
    landing: Path, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    ingested(lake, [OCTOBER, NOVEMBER])
    assert planned(capsys)["months"]["transactions"] == "2011-09,2011-11"


def test_a_backfill_of_an_old_month_ingests_nothing_after_it(landing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = planned(capsys, run_type="backfill", logical_date="2011-10-01T00:00:00+00:00")
    assert (plan["month"], plan["months"]["transactions"]) == ("2011-10", "2011-09,2011-10")


def test_a_table_delivered_for_the_first_time_is_caught_up_too(
    landing: Path, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    ingested(lake, Month(2011, 9).through(NOVEMBER))
    complete(lake, SESSIONS, OCTOBER)
    deliver(landing, "sessions", [NOVEMBER])
    plan = planned(capsys)
    assert plan["months"] == {"sessions": "2011-09,2011-11", "transactions": "2011-09,2011-11"}


@pytest.mark.parametrize(
    ("run_type", "logical_date", "month"),
    [
        ("scheduled", "2011-10-01T00:00:00+00:00", ""),
        ("backfill", "2011-10-01T00:00:00+00:00", ""),
        ("manual", "", "2011-10"),
        ("manual", "2026-11-22T03:00:00+00:00", "2011-10"),
        ("backfill", "2011-09-01T00:00:00+00:00", "2011-10"),
    ],
)
def test_all_kinds_of_run_of_a_month_are_planned_alike(
    landing: Path, capsys: pytest.CaptureFixture[str], run_type: str, logical_date: str, month: str
) -> None:
    plan = planned(capsys, run_type=run_type, logical_date=logical_date, month=month)
    assert (plan["month"], plan["as_of"], plan["months"]["transactions"]) == (
        "2011-10",
        "2011-11-01",
        "2011-09,2011-10",
    )


def test_a_cleared_manual_run_keeps_its_month_and_a_new_one_takes_the_newest(
    landing: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert planned(capsys, dag_run_id="monday")["month"] == "2011-11"
    deliver(landing, "transactions", [Month(2011, 12)])
    assert planned(capsys, dag_run_id="monday")["month"] == "2011-11"
    assert planned(capsys, dag_run_id="tuesday")["month"] == "2011-12"


def test_each_planning_opens_a_run_that_outranks_the_one_before(
    landing: Path, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = planned(capsys), planned(capsys)
    assert first["run_id"] < second["run_id"]
    [run] = fetch(database.writer, "run", run_id=second["run_id"])
    assert (str(run["as_of"]), run["trigger"], run["status"]) == ("2011-12-01", "manual", "running")
    assert [task["task"] for task in fetch(database.writer, "run_tasks", run_id=second["run_id"])] == ["plan.plan"]


def test_the_note_tells_people_what_the_run_will_do(landing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert planned(capsys)["note"].splitlines() == [
        "Month 2011-11: forecast of the twelve months from 2011-12-01 on, shop simulated_shop.",
        "Ingests 3 months (2011-09 to 2011-11) of transactions from 3 files; "
        "not delivered up to this month: products, customers, sessions.",
        "Builds 3 snapshots (2011-10-01 to 2011-12-01).",
        "Trains a model version, unless one of the same inputs exists; the gate decides which version forecasts.",
        "Replaces nothing: the month has not been published.",
    ]


def test_the_note_of_a_rerun_tells_what_is_left_to_do_and_what_will_be_replaced(
    landing: Path, lake: Lake, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    ingested(lake, Month(2011, 9).through(NOVEMBER))
    for month in Month(2011, 9).through(NOVEMBER):
        complete(lake, features(load("simulated_shop").departments), month.as_of)
    published = publish_new_run(database, lake, DECEMBER)
    note = planned(capsys)["note"].splitlines()
    assert note[1] == "Reads nothing new: the lake holds every month as it is delivered."
    assert note[2] == "Rebuilds snapshots where inputs changed."
    assert note[4] == f"Replaces run {published}: 3 customers, 12-month total 2,340.00, model version 3."
    assert note[5] == "Differs from it in: inputs, code."


def test_the_note_lists_what_a_rerun_reads_that_the_lake_does_not_hold(
    landing: Path, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    ingested(lake, Month(2011, 9).through(NOVEMBER))
    assert planned(capsys)["note"].splitlines()[1].startswith("Ingests 1 month (2011-11) of transactions")
    for month in Month(2011, 9).through(NOVEMBER):
        complete(lake, features(load("simulated_shop").departments), month.as_of)
    assert "Reads nothing new" in planned(capsys)["note"]
    deliver_again(landing, NOVEMBER)
    assert "Ingests 1 month (2011-11) of transactions" in planned(capsys)["note"]
    ingested(lake, [NOVEMBER])
    assert "Reads nothing new" in planned(capsys)["note"]
    (landing / "products.csv").write_text("product_id,department\np,a\n", encoding="utf-8")
    assert "Ingests 3 months (2011-09 to 2011-11) of products, transactions" in planned(capsys)["note"]


def test_what_was_delivered_is_fingerprinted_up_to_the_data_month(
    landing: Path, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    def fingerprint(month: str) -> str:
        run_id = planned(capsys, month=month)["run_id"]
        with database.owner.begin() as connection:
            query = f"select input_fingerprint from clv.run where run_id = {run_id}"  # noqa: S608
            return str(connection.exec_driver_sql(query).scalar_one())

    october, november = fingerprint("2011-10"), fingerprint("2011-11")
    deliver_again(landing, NOVEMBER)
    assert fingerprint("2011-10") == october != november
    assert fingerprint("2011-11") != november


def test_the_plan_tells_what_differs_from_the_published_run_of_its_month(
    landing: Path, database: Database, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id = planned(capsys)["run_id"]
    write(lake, DECEMBER, [row("12346")])
    publish(database.writer, lake, as_of=DECEMBER, run_id=run_id)
    assert planned(capsys)["note"].splitlines()[-1] == "Differs from it in: nothing."
    deliver_again(landing, OCTOBER)
    registered = {"model_name": "clv", "model_version": 3, "decision": "chosen", "forecast_by": None}
    because = {"reasons": ["why"], "decided_by": "Ada", "as_of": Month(2012, 2).first_day}
    champion = {"champion_before": None, "champion_after": 3}
    [choice] = fetch(database.writer, "record_decision", run_id=None, **registered, **champion, **because)
    execute(database.writer, "record_effect", decision_id=choice["decision_id"])
    note = planned(capsys, options=["--model", "champion"])["note"].splitlines()
    assert note[3] == (
        "Scores with today's champion (version 3 by the last decision), trains nothing. "
        "It was trained as of 2012-02-01, so its accuracy for this month is not out-of-sample."
    )
    assert note[5] == "Differs from it in: inputs (transactions 2011-10), model champion instead of as_of."


def test_a_note_is_cut_where_airflow_would_refuse_it_and_the_run_table_has_all(
    landing: Path, lake: Lake, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every other month of twelve years is in the lake, and in the note the others."""
    deliver(landing, "transactions", Month(2000, 1).through(Month(2011, 8)))
    ingested(lake, Month(2000, 1).through(Month(2011, 8))[::2])
    plan = planned(capsys)
    assert len(plan["note"]) <= 1000
    assert "Ingests 73 months (2000-02, 2000-04, …, 2011-08 to 2011-11)" in plan["note"]
    with database.owner.connect() as connection:
        query = f"select plan from clv.run where run_id = {plan['run_id']}"  # noqa: S608
        kept = connection.exec_driver_sql(query).scalar_one()
    assert {table: ",".join(months) for table, months in kept["months"].items()} == plan["months"]
    assert len(kept["months"]["transactions"]) > 70


def test_a_forced_run_reads_and_builds_everything_again_and_says_so(
    landing: Path, lake: Lake, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    months = Month(2011, 9).through(NOVEMBER)
    ingested(lake, months)
    for month in months:
        complete(lake, features(load("simulated_shop").departments), month.as_of)
    usual = planned(capsys)
    assert (usual["months"]["transactions"], usual["force"]) == ("2011-11", False)
    assert "FORCED" not in usual["note"]

    forced = planned(capsys, options=["--force"])

    assert (forced["months"]["transactions"], forced["force"]) == ("2011-09,2011-10,2011-11", True)
    assert forced["note"].splitlines()[1] == "FORCED: everything is computed again."
    assert "Builds 3 snapshots (2011-10-01 to 2011-12-01)." in forced["note"].splitlines()
    with database.owner.connect() as connection:
        plans = connection.execute(text("SELECT plan FROM clv.run ORDER BY run_id")).scalars().all()
    assert [(plan["force"], len(plan["snapshots"])) for plan in plans] == [(False, 0), (True, 3)]
    champion = planned(capsys, options=["--force", "--model", "champion"])
    assert champion["note"].splitlines()[1] == "FORCED: everything is computed again but the model."


@pytest.mark.parametrize(("limit", "is_small"), [("SMALL_BYTES", False), ("SMALL_LINES", False), ("", True)])
def test_a_run_is_large_by_what_it_reads_or_by_what_the_lake_holds(
    landing: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, limit: str, is_small: bool
) -> None:
    if limit:
        monkeypatch.setattr(run_plan, limit, 0)
    assert planned(capsys)["is_small"] is is_small
