"""A month published in both value bases: each has its own rows, pointer, accuracy and history."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import InternalError

from jobs.accuracy.actuals import load_actuals
from jobs.accuracy.record import measure_published
from jobs.core.month import Month
from jobs.core.postgres import execute, statement
from jobs.core.value_basis import MARGIN, NET_REVENUE
from jobs.lake.lake import Lake
from jobs.lake.tables import FORECASTS
from jobs.planned_run import main as print_planned_run
from jobs.publishing import standard
from jobs.publishing.rollback import roll_back
from jobs.sources import load
from jobs.withdraw import WithdrawalError, withdraw
from tests.accuracy.days import write_days
from tests.conftest import Database
from tests.forecasts import CUSTOMERS, DECEMBER, NOVEMBER, plan, publish_new_run, row, scored, seen, write
from tests.snapshots import SOURCE

MADE_BY = {"model": "clv_margin/2 sha256"}
WHY = {"by": "Ada", "because": "wrong prices"}
Total = Callable[[str], dict[object, Decimal]]


@pytest.fixture
def margins(lake: Lake) -> Lake:
    return Lake(str(Path(lake.root) / MARGIN))


@pytest.fixture
def total(database: Database) -> Total:
    """What readers see of each month in a view: its sum of clv_12m."""

    def added_up(view: str) -> dict[object, Decimal]:
        months: dict[object, Decimal] = {}
        for shown in seen(database, view):
            months[shown["as_of"]] = months.get(shown["as_of"], Decimal(0)) + shown["clv_12m"]
        return months

    return added_up


def publish_margin(database: Database, margins: Lake, level: str = "2.00") -> int:
    run_id = plan(database.writer, DECEMBER, value_basis=MARGIN)
    rows = [row(customer, level=level, model_version=2) for customer in CUSTOMERS]
    write(margins, DECEMBER, rows)
    record = margins.record(FORECASTS, DECEMBER)
    write(margins, DECEMBER, rows, recorded={"inputs": {**record.inputs, **MADE_BY}})
    scored(database.writer, margins, DECEMBER, run_id)
    standard.publish(database.writer, margins, load(SOURCE, MARGIN), as_of=DECEMBER, run_id=run_id)
    return run_id


def test_both_are_published_and_each_view_shows_its_own(
    database: Database, lake: Lake, margins: Lake, total: Total
) -> None:
    revenue = publish_new_run(database, lake, DECEMBER)
    before = {view: seen(database, view) for view in ("forecast", "forecast_total", "customer", "runs", "publications")}
    margin = publish_margin(database, margins)
    assert {view: seen(database, view) for view in before} == before
    assert total("forecast") == total("forecast_current") == {DECEMBER: Decimal("2340.00")}
    assert total("margin_forecast") == total("margin_forecast_current") == {DECEMBER: Decimal("468.00")}
    assert {shown["run_id"] for shown in seen(database, "margin_forecast_total")} == {margin}
    assert {shown["run_id"] for shown in seen(database, "margin_customer")} == {margin}
    assert {shown["run_id"] for shown in seen(database, "margin_publications")} == {margin}
    assert sum(shown["expected_net_value"] for shown in seen(database, "margin_forecast_monthly")) == Decimal("468.00")
    statuses = {shown["run_id"]: (shown["status"], shown["value_basis"]) for shown in seen(database, "all_runs")}
    assert statuses == {revenue: ("published", NET_REVENUE), margin: ("published", MARGIN)}


def test_both_are_measured_with_what_came_in_their_own_value(database: Database, lake: Lake, margins: Lake) -> None:
    publish_new_run(database, lake, DECEMBER)
    publish_margin(database, margins)
    december = Month.of(DECEMBER)
    for where, brought, basis in ((lake, "20.00", NET_REVENUE), (margins, "-1.00", MARGIN)):
        write_days(where, december, {CUSTOMERS[0]: brought})
        assert load_actuals(database.writer, where, december, "EUR", basis) == 1
        assert load_actuals(database.writer, where, december, "EUR", basis) == 0
        assert measure_published(database.writer, basis) == 1
        assert measure_published(database.writer, basis) == 0
    assert [shown["net_value"] for shown in seen(database, "actual")] == [Decimal("20.0000")]
    assert [shown["net_value"] for shown in seen(database, "margin_actual")] == [Decimal("-1.0000")]
    for view, actual, forecast in (("accuracy", "20.00", "30.00"), ("margin_accuracy", "-1.00", "6.00")):
        [measured] = [shown for shown in seen(database, view) if shown["segment_by"] == "all"]
        assert (measured["actual_total"], measured["forecast_total"]) == (Decimal(actual), Decimal(forecast))


def test_a_rollback_or_withdrawal_of_one_leaves_the_other(
    database: Database, lake: Lake, margins: Lake, total: Total
) -> None:
    publish_new_run(database, lake, DECEMBER)
    first, second = publish_margin(database, margins), publish_margin(database, margins, level="3.00")
    month = Month.before(DECEMBER)
    assert roll_back(database.writer, month, None, **WHY, value_basis=MARGIN) == (second, first)
    assert total("margin_forecast") == {DECEMBER: Decimal("468.00")}
    withdraw(database.writer, month, **WHY, value_basis=MARGIN)
    assert total("margin_forecast") == {}
    assert total("forecast") == {DECEMBER: Decimal("2340.00")}
    assert [shown["what"] for shown in seen(database, "margin_publications")] == [
        *("published", "published", "rolled back", "withdrawn")
    ]
    assert [shown["what"] for shown in seen(database, "publications")] == ["published"]


def test_the_margin_is_not_withdrawn_by_the_number_of_its_run_where_revenue_was_meant(
    database: Database, lake: Lake, margins: Lake, total: Total
) -> None:
    publish_new_run(database, lake, DECEMBER)
    margin = publish_margin(database, margins)
    with pytest.raises(WithdrawalError, match=f"not run {margin}: nothing was changed"):
        withdraw(database.writer, Month.before(DECEMBER), **WHY, expected=margin)
    assert total("margin_forecast") == {DECEMBER: Decimal("468.00")}


def test_neither_waits_for_the_other_nor_is_superseded_by_it(database: Database) -> None:
    revenue = plan(database.writer, DECEMBER)
    margin = plan(database.writer, DECEMBER, value_basis=MARGIN)
    with database.writer.begin() as one, database.writer.begin() as other:
        for connection, run_id in ((one, revenue), (other, margin)):
            connection.execute(text("SET LOCAL lock_timeout = '100ms'"))
            connection.execute(statement("begin_load"), {"as_of": DECEMBER, "run_id": run_id})
        third = plan(database.writer, DECEMBER, value_basis=MARGIN)
        with database.writer.connect() as late:
            late.execute(text("SET lock_timeout = '100ms'"))
            with pytest.raises(InternalError, match="has not ended yet"):
                late.execute(statement("begin_load"), {"as_of": DECEMBER, "run_id": third})
    with database.writer.connect() as late, pytest.raises(InternalError, match=f"superseded by run {third}"):
        late.execute(statement("begin_load"), {"as_of": DECEMBER, "run_id": margin})


def test_the_tiers_of_the_margin_follow_those_of_the_margin(database: Database, lake: Lake, margins: Lake) -> None:
    publish_new_run(database, lake, NOVEMBER)
    publish_margin(database, margins)
    assert [shown["tier_before"] for shown in seen(database, "margin_customer")] == [None] * len(CUSTOMERS)


def test_the_interval_of_a_margin_is_that_of_its_own_run(database: Database, lake: Lake, margins: Lake) -> None:
    revenue = publish_new_run(database, lake, DECEMBER)
    margin = publish_margin(database, margins)
    for run_id, variance in ((revenue, 0.01), (margin, 0.04)):
        level = {"horizon_months": 12, "variance": variance, "quantile": 1.0}
        execute(database.writer, "set_run_level", run_id=run_id, **level)
    with database.reader.connect() as connection:
        ends = [
            connection.execute(text(f"SELECT p90 FROM clv.{name}('2011-12-01', 12, 100, 0)")).scalar_one()  # noqa: S608
            for name in ("total_interval", "margin_total_interval")
        ]
    assert ends == [Decimal("110.52"), Decimal("122.14")]


def test_the_planned_run_of_a_month_is_that_of_the_value_basis(
    database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLV_DATABASE_URL", str(database.writer_url))
    plan(database.writer, DECEMBER)
    print_planned_run(["--month", "2011-11", "--value-basis", MARGIN])
    assert capsys.readouterr().out == "null\n"
