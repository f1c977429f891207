"""The plans of special runs."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from jobs.core.month import Month
from jobs.core.postgres import execute, fetch
from jobs.core.refusal import RefusedError
from jobs.lake.lake import Lake
from jobs.lake.tables import TRANSACTIONS
from jobs.landing.deliveries import deliveries, reading_inputs
from jobs.sources import load
from jobs.sources.mapping import MappingError
from tests.conftest import Database
from tests.forecasts import DECEMBER, count, publish_new_run
from tests.planning.shop import NOVEMBER, OCTOBER, complete, deliver_customers, ingested, planned

SPECIAL = ["--horizon", "3", "--segment", "city= Paris ,Lyon", "--value-basis", "net_revenue"]


@pytest.fixture
def landing(landing: Path) -> Path:
    """A shop that has delivered a customer list, too."""
    deliver_customers(landing, NOVEMBER, ["Paris", "Lyon"])
    return landing


def test_a_standard_run_is_one_that_was_asked_for_nothing_else(
    landing: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = {"special": False, "horizon_months": 12, "segment": "all", "value_basis": "net_revenue"}
    options = ["--horizon", "12", "--segment", "all", "--value-basis", "net_revenue"]
    for plan in (planned(capsys), planned(capsys, options=options)):
        assert {name: plan[name] for name in expected} == expected


def test_a_special_run_s_plan_and_note_say_what_was_asked_for(
    landing: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = planned(capsys, options=SPECIAL)
    expected = {"special": True, "horizon_months": 3, "segment": "city=Lyon,Paris", "value_basis": "net_revenue"}
    assert {name: plan[name] for name in expected} == expected
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
    note = planned(capsys, options=SPECIAL)["note"].splitlines()
    assert note[3] == "Scores with model version 3, which made the published forecast."


def test_a_month_that_a_later_version_forecast_is_refused_with_the_remedy(
    landing: Path, lake: Lake, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id = publish_new_run(database, lake, DECEMBER)
    decision = {"model_version": 3, "decision": "todays_champion", "forecast_by": 3, "decided_by": "run parameter"}
    champion = {"model_name": "clv", "champion_before": 3, "champion_after": 3, "reasons": ["the run asked for it"]}
    execute(database.writer, "record_decision", run_id=run_id, as_of=date(2012, 2, 1), **decision, **champion)

    with pytest.raises(RefusedError) as refused:
        planned(capsys, options=SPECIAL)
    assert str(refused.value) == (
        "the published forecast of 2011-11 was made by model version 3, which was trained as of 2012-02-01, after the "
        "month: run the month with model=as_of first"
    )


def test_a_standard_plan_is_the_same_whatever_special_runs_were_planned_before(
    landing: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def standard() -> dict[str, Any]:
        return {name: value for name, value in planned(capsys).items() if name != "run_id"}

    before = standard()
    planned(capsys, options=SPECIAL, dag_run_id="special")
    planned(capsys, options=["--value-basis", "margin_per_line"], dag_run_id="margin")
    assert json.dumps(standard()) == json.dumps(before)


def test_a_special_run_does_not_show_among_the_runs_of_its_month(
    landing: Path, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id = planned(capsys, options=SPECIAL)["run_id"]
    assert fetch(database.writer, "run", run_id=run_id) == []


def test_a_run_on_a_margin_has_a_lake_of_its_own(landing: Path, lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--value-basis", "margin_by_department"]
    ingested(lake, Month(2011, 9).through(NOVEMBER))
    assert planned(capsys, options=options)["months"]["transactions"] == "2011-09,2011-10,2011-11"
    source = load("simulated_shop", "margin_by_department")
    own, delivered = Lake(lake.root / "margin_by_department"), deliveries(source, landing, lake.root)
    october = delivered["transactions"].fingerprint(OCTOBER)
    complete(own, TRANSACTIONS, OCTOBER, landing=october, **reading_inputs(source))
    plan = planned(capsys, options=options)
    assert (plan["months"]["transactions"], plan["special"]) == ("2011-09,2011-11", True)
    assert planned(capsys)["months"]["transactions"] == "2011-11"


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
        planned(capsys, options=["--value-basis", basis])
    assert count(database, "run") == 0


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--segment", "town=Paris"], "with a column of customer_id, membership, city, country, status"),
        (["--segment", "status=asleep"], "unknown status asleep; the statuses are new,"),
        (["--segment", "city=Atlantis"], "the most frequent values of city are Lyon, Paris"),
        (["--horizon", "2"], "argument --horizon: invalid choice: 2 .choose from 1, 3, 6, 12"),
        (["--horizon", "twelve"], "argument --horizon: invalid int value: 'twelve'"),
        (["--value-basis", "profit"], "invalid choice: 'profit' .choose from 'net_revenue'"),
        (["--hurry"], "unrecognized arguments: --hurry"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_and_opens_no_run(
    landing: Path, database: Database, capsys: pytest.CaptureFixture[str], options: list[str], why: str
) -> None:
    with pytest.raises(RefusedError, match=why):
        planned(capsys, options=options)
    assert count(database, "run") == 0


def test_a_special_run_scores_with_its_month_s_model(
    landing: Path, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValueError, match="leave `model` at as_of"):
        planned(capsys, options=[*SPECIAL, "--model", "champion"])
    assert count(database, "run") == 0
