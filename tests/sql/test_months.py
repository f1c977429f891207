"""The data month as people type it, beside `as_of` in every view."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from jobs.accuracy.actuals import load_actuals
from jobs.accuracy.record import measure_published
from jobs.core.month import Month
from jobs.core.postgres import execute, statement
from jobs.lake.lake import Lake
from tests.accuracy.days import write_days
from tests.bridge.rows import record_bridge
from tests.conftest import Database
from tests.drift.rows import record_drift
from tests.forecasts import (
    CUSTOMERS,
    DECEMBER,
    NOVEMBER,
    new_customer,
    plan,
    publish,
    publish_new_run,
    row,
    write,
    write_new_customers,
)
from tests.test_publish_first_month import ACCURACY

# ruff: noqa: S608 - the names come from the catalog

VIEWS = text(
    "SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position) AS columns "
    "FROM information_schema.columns JOIN information_schema.views USING (table_schema, table_name) "
    "WHERE table_schema = 'clv' GROUP BY table_name"
)


def test_every_view_with_an_as_of_names_the_month_before_it(database: Database, lake: Lake) -> None:
    for as_of in (NOVEMBER, DECEMBER):
        run_id = plan(database.writer, as_of)
        write(lake, as_of, [row(customer) for customer in CUSTOMERS])
        write_new_customers(lake, as_of, [new_customer(CUSTOMERS[0], model_version=3)], [ACCURACY])
        publish(database.writer, lake, as_of=as_of, run_id=run_id)
        decision = {"decision": "first", "reasons": ["no champion"], "decided_by": "gate", "champion_before": None}
        decision |= {"model_name": "clv"}
        versions = dict.fromkeys(("model_version", "forecast_by", "champion_after"), 7)
        execute(database.writer, "record_decision", run_id=run_id, as_of=as_of, **decision, **versions)
    write_days(lake, Month.of(NOVEMBER), {CUSTOMERS[0]: "12.50"})
    load_actuals(database.writer, lake, Month.of(NOVEMBER), "EUR")
    measure_published(database.writer)
    record_bridge(database, DECEMBER)
    record_drift(database, DECEMBER)
    broken = {"suite": "transactions", "rule": "known", "column_name": None, "says": "known", "severity": "warning"}
    broken |= {"success": False, "observed": "1 of 2 rows", "allowed": "no row", "unexpected_rows": 1}
    execute(database.writer, "record_validation", run_id=run_id, stage="inputs", **broken)
    of_month = {"run_id": run_id, "table_name": "transactions", "month": NOVEMBER}
    execute(database.writer, "record_ingested", **of_month, clean_rows=2, rejected_rows=1)
    execute(database.writer, "record_rejected", **of_month, reason="duplicate", rows=1)
    failure = {"dag_run_id": "x", "task": "plan.plan", "reason": "no delivery", "was_refused": True}
    execute(database.writer, "record_failure", **failure, attempt=1, as_of=NOVEMBER)
    with database.owner.begin() as connection:
        connection.execute(statement("forget"), {"customers": [CUSTOMERS[2]], "by": "Ada", "because": "asked"})
    with database.owner.connect() as connection:
        views = {row.table_name: row.columns for row in connection.execute(VIEWS)}
    dated = {view for view, names in views.items() if "as_of" in names and not view.startswith("margin_")}
    assert dated >= {"forecast", "forecast_monthly", "runs", "run_failures", "model_decisions", "all_runs"}
    for view in dated:
        assert "data_month" in views[view], view
        assert "data_month" in views.get(f"margin_{view}", ["data_month"]), view
        with database.reader.connect() as connection:
            months = connection.execute(text(f"SELECT DISTINCT as_of, data_month FROM clv.{view}")).all()
        assert months, view
        assert set(months) <= {(NOVEMBER, "2011-10"), (DECEMBER, "2011-11")}, view


@pytest.mark.parametrize("condition", ["as_of = DATE '2011-12-01'", "data_month = '2011-11'"])
@pytest.mark.parametrize("view", ["forecast", "forecast_monthly"])
def test_a_month_s_forecast_is_found_by_its_index(database: Database, lake: Lake, view: str, condition: str) -> None:
    for as_of in (NOVEMBER, DECEMBER):
        publish_new_run(database, lake, as_of)
    with database.owner.begin() as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = connection.execute(text(f"EXPLAIN SELECT * FROM clv.{view} WHERE {condition}")).scalars().all()
    [found] = [line for line in plan if "forecast_rows_pkey" in line]
    assert "Index" in found
    [sought] = [line for line in plan if "load_id" in line]
    assert "Index Cond: (load_id = published.load_id)" in sought
