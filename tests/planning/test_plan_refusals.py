"""Months that cannot be planned."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jobs.core.month import Month, MonthRefusedError
from jobs.lake.lake import Lake
from jobs.landing.file_checks import LandingError
from jobs.landing.layouts import SUCCESS
from jobs.plan import NO_MARGIN
from tests.conftest import Database
from tests.forecasts import count, publish_new_run
from tests.planning.shop import OCTOBER, deliver, ingested, planned


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
    why = "month 2011-12 is not closed: that takes rows of 2 later days, or _SUCCESS in the month's folder"
    with pytest.raises(MonthRefusedError, match=f"{why}. Months that can be run: 2011-09 to 2011-11"):
        planned(capsys, run_type="backfill", logical_date="2011-12-01T00:00:00+00:00")


DECEMBER_OF_THE_CALENDAR = {"run_type": "scheduled", "logical_date": "2011-12-01T00:00:00+00:00"}


def test_a_scheduled_run_whose_month_is_not_delivered_ends_at_once_and_changes_nothing(
    landing: Path, database: Database, lake: Lake, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(SystemExit) as ended:
        planned(capsys, **DECEMBER_OF_THE_CALENDAR)
    assert ended.value.code == os.EX_TEMPFAIL
    [said] = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert said == (
        "Month 2011-12 is not delivered in full yet: transactions are complete up to 2011-11; waiting for 2011-12. "
        "Nothing was changed. clv_deliveries starts it once it is delivered; if no run of clv_deliveries is waiting, "
        "trigger it with this month"
    )
    assert count(database, "run") == 0
    deliver(landing, "transactions", [Month(2011, 12)])
    assert planned(capsys, **DECEMBER_OF_THE_CALENDAR)["month"] == "2011-12"


def test_a_scheduled_run_takes_a_delivery_that_cannot_be_read_for_one_in_transfer(
    environment: None, lake: Lake, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    landing = Path(lake.root).with_name("landing")
    landing.mkdir()
    (landing / "transactions.csv").touch()
    with pytest.raises(SystemExit) as ended:
        planned(capsys, **DECEMBER_OF_THE_CALENDAR)
    assert ended.value.code == os.EX_TEMPFAIL
    assert "transactions.csv is empty" in caplog.text
    with pytest.raises(LandingError, match=r"transactions.csv is empty"):
        planned(capsys, month="2011-12")


@pytest.mark.parametrize("run_type", ["manual", "operator_triggered", "asset_triggered"])
def test_a_run_without_a_month_keeps_that_of_its_first_plan_when_it_is_cleared(
    landing: Path, capsys: pytest.CaptureFixture[str], run_type: str
) -> None:
    assert planned(capsys, run_type=run_type)["month"] == "2011-11"
    deliver(landing, "transactions", [Month(2011, 12)])
    assert planned(capsys, run_type=run_type)["month"] == "2011-11"
    assert planned(capsys, run_type=run_type, dag_run_id="another")["month"] == "2011-12"


def test_a_shop_whose_first_month_is_not_over_is_refused_with_that_reason(
    environment: None, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    landing = Path(lake.root).with_name("landing")
    landing.mkdir()
    columns = "order_id,customer_id,ordered_at,product_id,quantity,unit_price"
    (landing / "transactions.csv").write_text(f"{columns}\n1,7,2011-11-05 10:00:00,p,1,2.50\n", encoding="utf-8")
    with pytest.raises(MonthRefusedError, match="no month is closed yet: the data starts in 2011-11"):
        planned(capsys)


def test_a_month_that_is_missing_in_between_is_named_and_no_run_goes_over_it(
    landing: Path, database: Database, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    (landing / "transactions" / "month=2011-10" / SUCCESS).unlink()
    with pytest.raises(LandingError, match="transactions of 2011-10 are missing: a run cannot skip months"):
        planned(capsys)
    assert count(database, "run") == 0
    assert planned(capsys, month="2011-09")["months"]["transactions"] == "2011-09"
    (landing / "transactions" / "month=2011-10" / SUCCESS).touch()
    ingested(lake, [OCTOBER])
    (landing / "transactions" / "month=2011-10" / SUCCESS).unlink()
    assert planned(capsys, month="2011-11")["months"]["transactions"] == "2011-09,2011-11"


def test_a_month_that_was_run_without_success_is_named_by_the_later_ones(
    landing: Path, database: Database, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "GAP" not in planned(capsys)["note"]
    publish_new_run(database, lake, Month(2011, 8).as_of)
    planned(capsys, month="2011-09")
    planned(capsys, month="2011-10", options=["--dry-run"])
    note = planned(capsys)["note"].splitlines()
    assert note[-1] == "GAP: 2011-09 to 2011-10 before it not published. Run those months first, or backfill them."
    assert "GAP: 2011-09 before it" in planned(capsys, month="2011-10")["note"]
    assert "GAP" not in planned(capsys, month="2011-09")["note"]


def test_a_run_on_a_margin_that_the_shop_does_not_declare_ends_with_its_plan(
    landing: Path, database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLV_SOURCE", "cdnow")
    plan = planned(capsys, options=["--value-basis", "margin"])
    assert plan == {"ends": True, "note": NO_MARGIN}
    assert count(database, "run") == 0
