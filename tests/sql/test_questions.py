"""The questions that analysts come with, each answered by one query on the published views."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from jobs.accuracy.actuals import load_actuals
from jobs.accuracy.record import measure_published
from jobs.core.month import HORIZONS, Month
from jobs.core.postgres import execute
from jobs.features.table import lag_name
from jobs.lake.lake import Lake
from tests.accuracy.days import write_days
from tests.bridge.rows import record_bridge
from tests.conftest import Database, Postgres, empty_database
from tests.forecasts import DECEMBER, NOVEMBER, SHOP, plan, publish, row, write, write_customers

KNOWN: dict[str, dict[str, object]] = {
    "anna": {
        "city": "Bergen",
        "country": "Norway",
        "membership": "annual",
        "first_ordered_on": date(2010, 3, 5),
        lag_name("net_value", 1): 30.0,
        f"net_value_{SHOP.departments[0].lower()}_365d": 30.0,
        "net_value_365d": 30.0,
    },
    "ben": {"city": "Oslo", "country": "Norway", "membership": "none", "first_ordered_on": date(2011, 10, 7)},
    "carla": {"city": "Turin", "country": "Italy", "membership": "none", "first_ordered_on": date(2011, 10, 9)},
}

QUESTIONS: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
    "How fresh is the forecast?": (
        "SELECT data_month, status FROM clv.runs ORDER BY as_of DESC LIMIT 1",
        [("2011-11", "published")],
    ),
    "What is all of it worth, and how sure is that?": (
        "SELECT net_value, p10 < net_value AND net_value < p90, currency FROM clv.forecast_total "
        "WHERE as_of = '2011-12-01' AND horizon_months = 12 AND segment_by = 'all'",
        [(Decimal("2028.00"), True, "EUR")],
    ),
    "What comes in each month, and how sure is that?": (
        "SELECT month, net_value, p10 < net_value AND net_value < p90 FROM clv.forecast_total_monthly "
        "WHERE as_of = '2011-12-01' AND segment_by = 'all' ORDER BY month LIMIT 2",
        [(date(2011, 12, 1), Decimal(26), True), (date(2012, 1, 1), Decimal(52), True)],
    ),
    "Who are the most valuable customers, and why?": (
        "SELECT customer_id, clv_12m, reason_1 FROM clv.forecast_current ORDER BY clv_12m DESC LIMIT 1",
        [("anna", Decimal("1560.00"), "higher: ordered recently")],
    ),
    "How good did earlier forecasts turn out to be, beside a simple rule?": (
        "SELECT candidate, round(wape::numeric, 2) FROM clv.accuracy "
        "WHERE as_of = '2011-11-01' AND horizon_months = 1 AND segment_by = 'all' ORDER BY candidate",
        [("forecast", Decimal("3.50")), ("trailing_year", Decimal("0.25"))],
    ),
    "Why did the total change?": (
        "SELECT step, net_value FROM clv.bridge WHERE as_of = '2011-12-01' AND net_value <> 0 ORDER BY step_order",
        [
            ("start", Decimal("1716.00")),
            ("months_rolling_off", Decimal("-22.00")),
            ("behaviour", Decimal("22.00")),
            ("months_rolling_on", Decimal("312.00")),
            ("end", Decimal("2028.00")),
        ],
    ),
    "Who changed tier?": (
        "SELECT customer_id, tier_before, tier FROM clv.customer_current WHERE tier <> tier_before ORDER BY 1",
        [("anna", 6, 5), ("ben", 5, 6)],
    ),
    "What are countries, memberships and departments worth?": (
        "SELECT segment_by, segment, customers, net_value FROM clv.forecast_total WHERE as_of = '2011-12-01' "
        "AND horizon_months = 12 AND segment_by IN ('country', 'membership') ORDER BY segment_by, segment",
        [
            ("country", "Italy", 1, Decimal("78.00")),
            ("country", "Norway", 2, Decimal("1950.00")),
            ("membership", "annual", 1, Decimal("1560.00")),
            ("membership", "none", 2, Decimal("468.00")),
        ],
    ),
    "What are cities and cohorts worth?": (
        "SELECT city, acquisition_month, sum(clv_12m) FROM clv.customer_current GROUP BY 1, 2 ORDER BY 1",
        [
            ("Bergen", "2010-03", Decimal("1560.00")),
            ("Oslo", "2011-10", Decimal("390.00")),
            ("Turin", "2011-10", Decimal("78.00")),
        ],
    ),
    "What did a customer bring, and what is expected?": (
        "SELECT main_department, net_value_12m, clv_12m FROM clv.customer_current WHERE customer_id = 'anna'",
        [(SHOP.departments[0], Decimal("30.0000"), Decimal("1560.00"))],
    ),
}


@pytest.fixture(scope="module")
def published(postgres: Postgres, migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Database:
    database, lake = empty_database(postgres, migrated_template), Lake(str(tmp_path_factory.mktemp("lake")))
    for as_of, levels in ((NOVEMBER, ("1.00", "20.00", "1.00")), (DECEMBER, ("20.00", "5.00", "1.00"))):
        run_id = plan(database.writer, as_of)
        for months in HORIZONS:
            execute(database.writer, "set_run_level", run_id=run_id, horizon_months=months, variance=0.04, quantile=1.5)
        write(lake, as_of, [row(customer, level=level) for customer, level in zip(KNOWN, levels, strict=True)])
        write_customers(lake, as_of, KNOWN)
        publish(database.writer, lake, as_of=as_of, run_id=run_id)
    for month, brought in ((Month(2011, 10), "10"), (Month(2011, 11), "8")):
        write_days(lake, month, {"anna": brought})
    load_actuals(database.writer, lake, Month(2011, 11), "EUR")
    measure_published(database.writer)
    record_bridge(database, DECEMBER)
    return database


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_has_an_answer(published: Database, question: str) -> None:
    query, answer = QUESTIONS[question]
    with published.reader.connect() as connection:
        assert [tuple(found) for found in connection.execute(text(query))] == answer
