"""What the plan does about the lists of customers and products, which are dated."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from jobs.core.month import Month
from jobs.lake.lake import Lake
from jobs.lake.tables import delivered
from jobs.landing.restatements import RestatedError
from tests.conftest import Database
from tests.corner_shop import deliver_month
from tests.forecasts import publish_new_run
from tests.ingesting import ingest_all
from tests.planning.shop import NOVEMBER, OCTOBER, SOURCE, planned

SEPTEMBER = Month(2011, 9)
LINES = "order_id,line,customer_id,ordered_at,product_id,quantity,unit_price,unit_cost\n"
ACCOUNTS = "customer_id,signup_date,membership,city,country\n"
ARTICLES = "product_id,department\n"


@pytest.fixture
def landing(environment: None, lake: Lake) -> Path:
    """A shop that has delivered its lines from September to November."""
    folder = Path(lake.root).with_name("landing")
    for month in SEPTEMBER.through(NOVEMBER):
        deliver_month(folder, "transactions", month, f"{LINES}1,1,7,{month}-05 10:00:00,p,2,2.50,1\n")
    return folder


Plan = Callable[..., dict[str, Any]]


@pytest.fixture
def plan(landing: Path, capsys: pytest.CaptureFixture[str]) -> Plan:
    return lambda month, *options: planned(capsys, month=month, options=options)


def deliver_accounts(landing: Path, *months: Month, city: str = "Lyon") -> None:
    for month in months:
        folder = landing / "customers" / f"month={month}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "part.csv").write_text(f"{ACCOUNTS}7,2011-01-05,none,{city},FR\n")
        (folder / "_SUCCESS").touch()


def test_every_list_up_to_the_data_month_is_ingested_and_no_later_one(landing: Path, plan: Plan) -> None:
    deliver_accounts(landing, Month(2011, 7), OCTOBER, NOVEMBER)
    assert plan("2011-10")["months"] == {"customers": "2011-07,2011-10", "transactions": "2011-09,2011-10"}
    assert plan("2011-09")["months"] == {"customers": "2011-07", "transactions": "2011-09"}


def test_a_table_whose_first_list_is_later_than_the_month_is_not_ingested(landing: Path, plan: Plan) -> None:
    deliver_accounts(landing, OCTOBER)
    assert "customers" not in plan("2011-09")["months"]


def test_lists_that_the_lake_holds_are_left_alone_but_for_the_newest(
    landing: Path, plan: Plan, lake: Lake, spark: SparkSession
) -> None:
    deliver_accounts(landing, SEPTEMBER, OCTOBER)
    ingest_all(spark, SOURCE, landing, lake, NOVEMBER.as_of)
    assert plan("2011-11")["months"] == {"customers": "2011-10", "transactions": "2011-11"}


def test_a_list_that_has_changed_since_it_was_ingested_is_restated(
    landing: Path, plan: Plan, lake: Lake, spark: SparkSession
) -> None:
    deliver_accounts(landing, SEPTEMBER, OCTOBER)
    ingest_all(spark, SOURCE, landing, lake, NOVEMBER.as_of)
    deliver_accounts(landing, SEPTEMBER, city="Nice")
    with pytest.raises(RestatedError, match=r"2011-09 customers: rows 1 to 1 \(\+0\)"):
        plan("2011-11")
    accepted = plan("2011-11", "--restate", "accept")
    assert accepted["months"]["customers"] == "2011-09,2011-10"


def test_a_list_that_comes_after_a_forecast_was_published_without_it_is_restated(
    landing: Path, plan: Plan, lake: Lake, spark: SparkSession, database: Database
) -> None:
    ingest_all(spark, SOURCE, landing, lake, OCTOBER.as_of)
    publish_new_run(database, lake, OCTOBER.as_of)
    deliver_accounts(landing, NOVEMBER)
    assert plan("2011-11")["months"]["customers"] == "2011-11"
    deliver_accounts(landing, SEPTEMBER)
    with pytest.raises(RestatedError, match=r"2011-09 customers: rows 0 to 1 \(\+1\)"):
        plan("2011-11")
    assert plan("2011-11", "--restate", "accept")["months"]["customers"] == "2011-09,2011-11"


def test_lists_of_a_lake_that_is_made_again_are_not_restated(
    landing: Path, plan: Plan, lake: Lake, database: Database
) -> None:
    publish_new_run(database, lake, OCTOBER.as_of)
    deliver_accounts(landing, SEPTEMBER)
    assert plan("2011-11")["months"]["customers"] == "2011-09"


def test_months_whose_list_of_articles_is_new_are_ingested_again(
    landing: Path, plan: Plan, lake: Lake, spark: SparkSession
) -> None:
    deliver_month(landing, "products", SEPTEMBER, f"{ARTICLES}p,grocery\n")
    ingest_all(spark, SOURCE, landing, lake, NOVEMBER.as_of)
    assert plan("2011-11")["months"] == {"products": "2011-09", "transactions": "2011-11"}
    deliver_month(landing, "products", OCTOBER, f"{ARTICLES}p,toys\n")
    read = plan("2011-11")
    assert read["months"] == {"products": "2011-10", "transactions": "2011-10,2011-11"}
    assert "Builds 3 snapshots" in read["note"]


def deliver_orders(landing: Path, month: Month, quantity: int) -> None:
    part = landing / "transactions" / f"month={month}" / "part-0.csv.gz"
    part.write_bytes(gzip.compress(f"{LINES}1,1,7,{month}-05 10:00:00,p,{quantity},2.50,1\n".encode()))


def test_a_month_that_a_later_forecast_was_made_from_is_restated_though_it_is_not_published(
    landing: Path, plan: Plan, lake: Lake, spark: SparkSession, database: Database
) -> None:
    ingest_all(spark, SOURCE, landing, lake, NOVEMBER.as_of)
    publish_new_run(database, lake, NOVEMBER.as_of)
    deliver_orders(landing, OCTOBER, 4)
    with pytest.raises(RestatedError, match="2011-10 changed at the source"):
        plan("2011-10")


def test_logins_that_come_after_a_forecast_was_published_without_them_are_restated(
    landing: Path, plan: Plan, lake: Lake, spark: SparkSession, database: Database
) -> None:
    ingest_all(spark, SOURCE, landing, lake, OCTOBER.as_of)
    publish_new_run(database, lake, OCTOBER.as_of)
    for month in (OCTOBER, NOVEMBER):
        deliver_month(landing, "sessions", month, f"customer_id,logged_in_at\n7,{month}-05 10:00:00\n")
    with pytest.raises(RestatedError, match=r"2011-10 sessions: rows 0 to 1 \(\+1\)"):
        plan("2011-11")
    assert plan("2011-11", "--restate", "accept")["months"]["sessions"] == "2011-09,2011-10,2011-11"


def test_a_scheduled_run_waits_for_the_list_of_its_month_where_there_was_one_before(
    landing: Path, plan: Plan, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    deliver_accounts(landing, OCTOBER)
    scheduled = {"run_type": "scheduled", "logical_date": f"{NOVEMBER}-01T00:00:00+00:00"}
    with pytest.raises(SystemExit):
        planned(capsys, **scheduled)
    assert "customers of 2011-11: not complete yet" in caplog.text
    deliver_accounts(landing, NOVEMBER)
    assert planned(capsys, **scheduled)["month"] == "2011-11"


def test_a_refused_plan_keeps_no_list(landing: Path, plan: Plan, lake: Lake, spark: SparkSession) -> None:
    ingest_all(spark, SOURCE, landing, lake, NOVEMBER.as_of)
    deliver_orders(landing, OCTOBER, 4)
    (landing / "customers.csv").write_text(f"{ACCOUNTS}7,2011-01-05,none,Lyon,FR\n")
    with pytest.raises(RestatedError):
        plan("2011-11")
    assert lake.periods(delivered("customers")) == []
    plan("2011-11", "--restate", "accept")
    assert lake.periods(delivered("customers")) == ["2011-11"]


def test_a_published_month_with_lists_that_are_overwritten_is_planned_again_without_acceptance(
    landing: Path, plan: Plan, lake: Lake, spark: SparkSession, database: Database
) -> None:
    (landing / "products.csv").write_text(f"{ARTICLES}p,grocery\n")
    (landing / "customers.csv").write_text(f"{ACCOUNTS}7,2011-01-05,none,Lyon,FR\n")
    read = plan("2011-11")["months"]
    assert (read["products"], read["customers"]) == ("2011-09,2011-11", "2011-11")
    ingest_all(spark, SOURCE, landing, lake, NOVEMBER.as_of)
    publish_new_run(database, lake, NOVEMBER.as_of)
    (landing / "products.csv").write_text(f"{ARTICLES}p,toys\n")
    assert plan("2011-11")["months"] == {"products": "2011-11", "customers": "2011-11", "transactions": "2011-11"}
