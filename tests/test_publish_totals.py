"""Totals with their intervals, as readers see them."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from sqlalchemy import RowMapping, text

from jobs.accuracy.actuals import load_actuals
from jobs.accuracy.record import measure_published
from jobs.core.month import HORIZONS, Month
from jobs.core.postgres import execute
from jobs.forecasting.intervals import Intervals, Outlook
from jobs.lake.lake import Lake
from tests.accuracy.days import write_days
from tests.conftest import Database
from tests.forecasts import DECEMBER, NOVEMBER, plan, publish, publish_new_run, row, seen, write

INTERVALS = Intervals(0.4, 0.2, [0.0] * 4, [0.8] * 5, [0.1, -0.2, 0.1], 6)
OUTLOOK = Outlook(np.array([780.0, 390.0, 78.0]), np.array([0.9, 0.5, 0.2]), np.array([6.0, 2.0, 0.3]))
STATUSES = ("active", "new", "active")
COVERAGE = 0.8
CROWD = 200
COPY_LOAD = """
    INSERT INTO clv.{table}
    SELECT (jsonb_populate_record(known, jsonb_build_object('load_id', :load_id))).* FROM clv.{table} AS known
"""
SCANS = "SELECT coalesce(sum(idx_scan), 0) FROM pg_stat_xact_user_tables WHERE relname = 'customer_rows'"
"""How often this transaction has looked up rows of the table in an index."""


def published(database: Database, lake: Lake) -> int:
    """Three customers, whose model knows its level."""
    run_id = plan(database.writer, NOVEMBER)
    variances = INTERVALS.own_variance(OUTLOOK)
    rows = [
        row(f"c{number}", level=str(Decimal(value) / 78), status=status, variance_12m=float(variance))
        for number, (value, status, variance) in enumerate(
            zip(("780", "390", "78"), STATUSES, variances, strict=True), start=1
        )
    ]
    for months in HORIZONS:
        level = {"variance": INTERVALS.level_variance(months), "quantile": INTERVALS.level_quantile(COVERAGE)}
        execute(database.writer, "set_run_level", run_id=run_id, horizon_months=months, **level)
    write(lake, NOVEMBER, rows)
    publish(database.writer, lake, as_of=NOVEMBER, run_id=run_id)
    return run_id


def total(database: Database, segment: str, months: int = 12) -> RowMapping:
    rows = [
        one for one in seen(database, "forecast_total") if (one["segment"], one["horizon_months"]) == (segment, months)
    ]
    [found] = rows
    return found


@pytest.mark.parametrize(("segment", "customers"), [("all", [0, 1, 2]), ("active", [0, 2]), ("new", [1])])
def test_the_interval_of_a_total_is_the_model_s_own(
    database: Database, lake: Lake, segment: str, customers: list[int]
) -> None:
    run_id = published(database, lake)
    part = Outlook(OUTLOOK.value[customers], OUTLOOK.p_active[customers], OUTLOOK.active_months[customers])
    seen_by_reader = total(database, segment)
    assert (seen_by_reader["customers"], seen_by_reader["run_id"], seen_by_reader["currency"]) == (
        len(customers),
        run_id,
        "EUR",
    )
    assert float(seen_by_reader["net_value"]) == pytest.approx(part.value.sum())
    ends = [float(seen_by_reader[end]) for end in ("p10", "p90")]
    assert ends == pytest.approx(INTERVALS.of_total(part, 12, COVERAGE), abs=0.01)


def test_any_customers_have_the_interval_that_a_segment_of_them_has(database: Database, lake: Lake) -> None:
    published(database, lake)
    query = """
        SELECT ends.p10, ends.p90
        FROM (
            SELECT sum(clv_12m) AS value, sum(variance_12m) AS variance FROM clv.forecast WHERE customer_id < 'c3'
        ) AS chosen
        CROSS JOIN LATERAL clv.total_interval(:as_of, :months, chosen.value, chosen.variance) AS ends
    """
    part = Outlook(OUTLOOK.value[:2], OUTLOOK.p_active[:2], OUTLOOK.active_months[:2])
    with database.reader.connect() as connection:
        [ends] = connection.execute(text(query), {"as_of": NOVEMBER, "months": 12}).all()
        assert connection.execute(text(query), {"as_of": NOVEMBER, "months": 2}).all() == []
    assert [float(end) for end in ends] == pytest.approx(INTERVALS.of_total(part, 12, COVERAGE), abs=0.01)


def test_a_run_that_does_not_know_its_level_has_totals_without_an_interval(database: Database, lake: Lake) -> None:
    publish_new_run(database, lake, NOVEMBER)
    every = total(database, "all")
    assert (every["net_value"], every["p10"], every["p90"]) == (Decimal("2340.00"), None, None)
    assert len(seen(database, "forecast_total")) == 3 * len(HORIZONS)


def test_customers_who_are_expected_to_bring_nothing_have_an_interval_of_nothing(
    database: Database, lake: Lake
) -> None:
    run_id = plan(database.writer, NOVEMBER)
    execute(database.writer, "set_run_level", run_id=run_id, horizon_months=12, variance=0.1, quantile=1.6)
    write(lake, NOVEMBER, [row("c1", level="0.00", variance_12m=0.0)])
    publish(database.writer, lake, as_of=NOVEMBER, run_id=run_id)
    assert (total(database, "all")["p10"], total(database, "all")["p90"]) == (0, 0)


@pytest.mark.parametrize(("brought", "covered"), [("80", True), ("1", False)])
def test_the_record_says_whether_a_total_came_to_lie_within_its_interval(
    database: Database, lake: Lake, brought: str, covered: bool
) -> None:
    published(database, lake)
    for ahead in range(12):
        write_days(lake, Month.of(NOVEMBER).plus(ahead), {"c1": brought})
    load_actuals(database.writer, lake, Month.of(NOVEMBER).plus(11), "EUR")
    measure_published(database.writer)
    record = {
        one["segment_by"]: one
        for one in seen(database, "accuracy")
        if (one["horizon_months"], one["candidate"]) == (12, "forecast") and one["segment"] in ("all", "01")
    }
    ends = total(database, "all")
    assert (record["all"]["total_p10"], record["all"]["total_p90"]) == (ends["p10"], ends["p90"])
    assert record["all"]["total_is_covered"] is covered
    assert record["decile"]["total_is_covered"] is None


def test_the_totals_of_a_load_that_the_statistics_do_not_know_yet_are_added_up_in_one_pass(
    database: Database, lake: Lake
) -> None:
    """The planner expects no row of a new load; a loop over each of its customers for each customer takes hours."""
    write(lake, NOVEMBER, [row(f"c{number}") for number in range(CROWD)])
    publish(database.writer, lake, as_of=NOVEMBER, run_id=plan(database.writer, NOVEMBER))
    again = {"as_of": NOVEMBER, "run_id": plan(database.writer, NOVEMBER)}
    with database.owner.begin() as connection:
        connection.execute(text("ANALYZE clv.forecast_rows, clv.customer_rows"))
        load = {"load_id": connection.execute(text("SELECT clv.begin_load(:as_of, :run_id)"), again).scalar_one()}
        for table in ("forecast_rows", "customer_rows"):
            connection.execute(text(COPY_LOAD.format(table=table)), load)
        before = connection.execute(text(SCANS)).scalar_one()
        connection.execute(text("SELECT clv.record_totals(:load_id)"), load)
        assert connection.execute(text(SCANS)).scalar_one() - before < CROWD / 10


def test_the_planner_knows_a_load_as_soon_as_readers_see_it(database: Database, lake: Lake) -> None:
    for as_of in (NOVEMBER, DECEMBER):
        publish_new_run(database, lake, as_of)
    common = "SELECT tablename FROM pg_stats WHERE attname = 'load_id' AND most_common_vals::text LIKE '%,%'"
    with database.owner.connect() as connection:
        assert set(connection.execute(text(common)).scalars()) >= {"forecast_rows", "customer_rows"}
