from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from jobs.core.month import Month, MonthRefusedError
from jobs.core.postgres import execute, fetch
from jobs.features.table import features
from jobs.lake.lake import STAGING, SUCCESS, Lake, Record
from jobs.lake.tables import SESSIONS, TRANSACTIONS
from jobs.landing.files import LandingError, files_fingerprint
from jobs.plan import main
from jobs.planning.segment import SegmentError
from jobs.publishing.standard import publish
from jobs.sources import load
from jobs.sources.mapping import MappingError
from tests.conftest import Database
from tests.forecasts import DECEMBER, count, publish_new_run, row, write

OCTOBER, NOVEMBER = Month(2011, 10), Month(2011, 11)


@pytest.fixture
def landing(environment: None, lake: Lake) -> Path:
    """A shop that has delivered its transactions from September to November 2011."""
    folder = lake.root.with_name("landing")
    deliver(folder, "transactions", Month(2011, 9).through(NOVEMBER))
    return folder


def deliver(landing: Path, table: str, months: Iterable[Month]) -> None:
    for month in months:
        folder = landing / table / f"month={month}"
        folder.mkdir(parents=True)
        (folder / "part.csv").write_text(f"customer_id\n{month}\n", encoding="utf-8")
        (folder / SUCCESS).touch()


def ingested(lake: Lake, months: Iterable[Month]) -> None:
    """Fill months of a lake as if what lies in the landing place now had been read."""
    for month in months:
        complete(lake, TRANSACTIONS, month, landing=landing_of(lake.root.with_name("landing"), month))


def landing_of(landing: Path, month: Month) -> str:
    return files_fingerprint([landing / "transactions" / f"month={month}" / "part.csv"])


def complete(lake: Lake, table: Any, period: Any, **inputs: str) -> None:
    with lake.staging(table) as staged:
        lake.promote(staged / "period", table, period, Record(rows=0, fingerprint="0", inputs=inputs))


def planned(
    capsys: pytest.CaptureFixture[str],
    *,
    run_type: str = "manual",
    logical_date: str = "",
    month: str = "",
    dag_run_id: str = "manual__2011-12-05",
    asked: Sequence[str] = (),
) -> dict[str, Any]:
    """The last line of a planning, as the DAG takes it."""
    run = ["--run-type", run_type, "--logical-date", logical_date, "--month", month, "--dag-run-id", dag_run_id]
    main([*run, *asked])
    result: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return result


def test_an_empty_lake_is_caught_up_in_one_run(landing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = planned(capsys)
    assert (plan["month"], plan["as_of"]) == ("2011-11", "2011-12-01")
    assert plan["months"] == "2011-09,2011-10,2011-11"
    assert plan["tables"] == ["transactions"]


def test_the_data_month_is_ingested_again_and_what_is_there_is_left_alone(
    landing: Path, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    ingested(lake, [OCTOBER, NOVEMBER])
    assert planned(capsys)["months"] == "2011-09,2011-11"


def test_a_backfill_of_an_old_month_ingests_nothing_after_it(landing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = planned(capsys, run_type="backfill", logical_date="2011-10-01T00:00:00+00:00")
    assert (plan["month"], plan["months"]) == ("2011-10", "2011-09,2011-10")


def test_a_table_delivered_for_the_first_time_is_caught_up_too(
    landing: Path, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    ingested(lake, Month(2011, 9).through(NOVEMBER))
    complete(lake, SESSIONS, OCTOBER)
    deliver(landing, "sessions", [NOVEMBER])
    plan = planned(capsys)
    assert (plan["tables"], plan["months"]) == (["sessions", "transactions"], "2011-09,2011-11")


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
    assert (plan["month"], plan["as_of"], plan["months"]) == ("2011-10", "2011-11-01", "2011-09,2011-10")


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
    assert (str(run["as_of"]), run["trigger"], run["status"]) == ("2011-12-01", "manual", "planned")
    assert [task["task"] for task in fetch(database.writer, "run_tasks", run_id=second["run_id"])] == ["plan.plan"]


def test_the_note_tells_people_what_the_run_will_do(landing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert planned(capsys)["note"].splitlines() == [
        "Month 2011-11: forecast of the twelve months from 2011-12-01 on, shop simulated_shop.",
        "Ingests 3 months (2011-09 to 2011-11) of transactions from 3 files; "
        "not delivered: products, customers, sessions.",
        "Builds 3 snapshots (2011-10-01 to 2011-12-01).",
        "Trains and registers a model version; the gate decides which version forecasts.",
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
    assert note[1].startswith("Ingests 1 month (2011-11) of transactions")
    assert note[2] == "Rebuilds snapshots where inputs changed."
    assert note[4] == f"Replaces run {published}: 3 customers, 12-month total 2,340.00, model version 3."
    assert note[5] == "Differs from it in: inputs, code."


@pytest.mark.parametrize(
    ("month", "why"),
    [("2011-12", "is not closed"), ("2011-08", "lies before the first month of data"), ("2011-13", "is not a month")],
)
def test_a_month_that_cannot_be_run_is_refused_and_opens_no_run(
    landing: Path, database: Database, capsys: pytest.CaptureFixture[str], month: str, why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        planned(capsys, month=month)
    assert planned(capsys)["run_id"] == 1
    assert capsys.readouterr().out == ""


def test_a_refusal_says_which_months_can_be_run(landing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(MonthRefusedError, match=r"month 2011-12 .*Months that can be run: 2011-09 to 2011-11"):
        planned(capsys, run_type="scheduled", logical_date="2011-12-01T00:00:00+00:00")


def test_a_shop_whose_first_month_is_not_over_is_told_so(
    environment: None, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    landing = lake.root.with_name("landing")
    landing.mkdir()
    columns = "order_id,customer_id,ordered_at,product_id,quantity,unit_price"
    (landing / "transactions.csv").write_text(f"{columns}\n1,7,2011-11-05 10:00:00,p,1,2.50\n", encoding="utf-8")
    with pytest.raises(MonthRefusedError, match="no month is closed yet: the data starts in 2011-11"):
        planned(capsys)


def test_what_was_delivered_is_fingerprinted_up_to_the_data_month(
    landing: Path, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    def fingerprint(month: str) -> str:
        run_id = planned(capsys, month=month)["run_id"]
        with database.owner.begin() as connection:
            query = f"select input_fingerprint from clv.run where run_id = {run_id}"  # noqa: S608
            return str(connection.exec_driver_sql(query).scalar_one())

    october, november = fingerprint("2011-10"), fingerprint("2011-11")
    (landing / "transactions" / "month=2011-11" / "part.csv").write_text("customer_id\n7\n", encoding="utf-8")
    assert fingerprint("2011-10") == october != november
    assert fingerprint("2011-11") != november


SPECIAL = ["--horizon", "3", "--segment", "city= Paris ,Lyon", "--value-basis", "net_revenue"]


def test_a_standard_run_is_one_that_was_asked_for_nothing_else(
    landing: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = {"special": False, "horizon_months": 12, "segment": "all", "value_basis": "net_revenue"}
    said = ["--horizon", "12", "--segment", "all", "--value-basis", "net_revenue"]
    for plan in (planned(capsys), planned(capsys, asked=said)):
        assert {name: plan[name] for name in told} == told


def test_a_special_run_s_plan_and_note_say_what_was_asked_for(
    landing: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = planned(capsys, asked=SPECIAL)
    told = {"special": True, "horizon_months": 3, "segment": "city=Lyon,Paris", "value_basis": "net_revenue"}
    assert {name: plan[name] for name in told} == told
    note = plan["note"].splitlines()
    assert note[0] == (
        "Month 2011-11: SPECIAL RUN, horizon 3 months, segment city=Lyon,Paris, value basis net_revenue, "
        "from 2011-12-01 on, shop simulated_shop."
    )
    assert note[3:] == [
        "Scores with this month's model version, trained now if necessary; the champion stays.",
        "Adds to clv.special_forecast; the published forecasts stay as they are.",
    ]


def test_the_note_of_a_special_run_names_the_version_that_made_the_published_forecast(
    landing: Path, lake: Lake, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    publish_new_run(database, lake, DECEMBER)
    note = planned(capsys, asked=SPECIAL)["note"].splitlines()
    assert note[3] == "Scores with model version 3, which made the published forecast."


def test_a_standard_plan_is_the_same_whatever_special_runs_were_planned_before(
    landing: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def standard() -> dict[str, Any]:
        return {name: value for name, value in planned(capsys).items() if name != "run_id"}

    before = standard()
    planned(capsys, asked=SPECIAL, dag_run_id="special")
    planned(capsys, asked=["--value-basis", "margin_per_line"], dag_run_id="margin")
    assert json.dumps(standard()) == json.dumps(before)


def test_a_special_run_does_not_show_among_the_runs_of_its_month(
    landing: Path, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id = planned(capsys, asked=SPECIAL)["run_id"]
    assert fetch(database.reader, "run", run_id=run_id) == []


def test_a_run_on_a_margin_has_a_lake_of_its_own(landing: Path, lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--value-basis", "margin_by_department"]
    ingested(lake, Month(2011, 9).through(NOVEMBER))
    assert planned(capsys, asked=asked)["months"] == "2011-09,2011-10,2011-11"
    complete(Lake(lake.root / "margin_by_department"), TRANSACTIONS, OCTOBER, landing=landing_of(landing, OCTOBER))
    plan = planned(capsys, asked=asked)
    assert (plan["months"], plan["special"]) == ("2011-09,2011-11", True)
    assert planned(capsys)["months"] == "2011-11"


@pytest.mark.parametrize(
    ("basis", "remedy"),
    [("margin_by_department", "add margin_rates="), ("margin_per_line", "name the delivered column of margin")],
)
def test_a_margin_that_the_source_does_not_declare_is_refused_with_the_remedy(
    landing: Path,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    basis: str,
    remedy: str,
) -> None:
    monkeypatch.setenv("CLV_SOURCE", "cdnow")
    with pytest.raises(MappingError, match=remedy):
        planned(capsys, asked=["--value-basis", basis])
    assert count(database, "run") == 0


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (["--segment", "town=Paris"], SegmentError),
        (["--segment", "status=asleep"], SegmentError),
        (["--horizon", "2"], SystemExit),
        (["--value-basis", "profit"], SystemExit),
    ],
)
def test_what_cannot_be_asked_for_is_refused_and_opens_no_run(
    landing: Path, database: Database, capsys: pytest.CaptureFixture[str], asked: list[str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        planned(capsys, asked=asked)
    assert count(database, "run") == 0


def test_a_month_that_is_missing_in_between_is_named_and_no_run_goes_over_it(
    landing: Path, database: Database, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    (landing / "transactions" / "month=2011-10" / SUCCESS).unlink()
    with pytest.raises(LandingError, match="transactions of 2011-10 are missing: a run cannot skip months"):
        planned(capsys)
    assert count(database, "run") == 0
    assert planned(capsys, month="2011-09")["months"] == "2011-09"
    (landing / "transactions" / "month=2011-10" / SUCCESS).touch()
    ingested(lake, [OCTOBER])
    (landing / "transactions" / "month=2011-10" / SUCCESS).unlink()
    assert planned(capsys, month="2011-11")["months"] == "2011-09,2011-11"


def test_a_month_that_was_run_without_success_is_named_by_the_later_ones(
    landing: Path, database: Database, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "GAP" not in planned(capsys)["note"]
    publish_new_run(database, lake, Month(2011, 8).as_of)
    planned(capsys, month="2011-09")
    planned(capsys, month="2011-10", asked=["--dry-run"])
    note = planned(capsys)["note"].splitlines()
    assert note[-1] == "GAP: 2011-09 to 2011-10 before it not published. Run those months first, or backfill them."
    assert "GAP: 2011-09 before it" in planned(capsys, month="2011-10")["note"]
    assert "GAP" not in planned(capsys, month="2011-09")["note"]


def test_a_run_removes_what_a_killed_task_left_and_a_dry_one_does_not(
    landing: Path, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    staging = lake.root / STAGING
    (staging / "daily-1").mkdir(parents=True)
    (staging / "daily-1.lock").touch()
    planned(capsys, asked=["--dry-run"])
    assert sorted(path.name for path in staging.iterdir()) == ["daily-1", "daily-1.lock"]
    planned(capsys)
    assert list(staging.iterdir()) == []


def test_the_plan_tells_what_differs_from_the_published_run_of_its_month(
    landing: Path, database: Database, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id = planned(capsys)["run_id"]
    write(lake, DECEMBER, [row("12346")])
    publish(database.writer, lake, as_of=DECEMBER, run_id=run_id)
    assert planned(capsys)["note"].splitlines()[-1] == "Differs from it in: nothing."
    (landing / "transactions" / "month=2011-10" / "part.csv").write_text("customer_id\n7\n", encoding="utf-8")
    registered = {"model_version": 3, "decision": "chosen", "forecast_by": None, "champion_before": None}
    because = {"champion_after": 3, "reasons": ["why"], "decided_by": "Ada", "as_of": Month(2012, 2).first_day}
    execute(database.writer, "record_decision", run_id=None, **registered, **because)
    note = planned(capsys, asked=["--model", "champion"])["note"].splitlines()
    assert note[3] == (
        "Scores with today's champion (version 3 by the last decision), trains nothing. "
        "It was trained as of 2012-02-01, so its accuracy for this month is not out-of-sample."
    )
    assert note[5] == "Differs from it in: inputs (transactions 2011-10), model champion instead of as_of."


def test_a_special_run_scores_with_its_month_s_model(
    landing: Path, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValueError, match="leave `model` at as_of"):
        planned(capsys, asked=[*SPECIAL, "--model", "champion"])
    assert count(database, "run") == 0


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
    assert ",".join(kept["months"]) == plan["months"]
    assert len(kept["months"]) > 70
