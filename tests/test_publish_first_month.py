"""New customers are published with their month, and taken back with it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pandas as pd
import psycopg2.errors
import pytest
from sqlalchemy import text
from sqlalchemy.exc import InternalError

from jobs.core.month import Month
from jobs.core.postgres import execute
from jobs.lake.first_month_tables import FIRST_MONTH_ACCURACY
from jobs.lake.lake import Lake
from jobs.publishing.copy import PublishError
from jobs.publishing.first_month import replace_open_months
from jobs.withdraw import withdraw
from tests.conftest import Database
from tests.forecasts import CUSTOMERS, DECEMBER, new_customer, plan, publish, row, seen, write, write_new_customers

ACCURACY = {
    "candidate": "first_month",
    "trained_until": date(2010, 6, 1),
    "customers": 120,
    "months": 12,
    "actual_total": Decimal("100.00"),
    "forecast_total": Decimal("110.00"),
    "norm_gini": 0.5,
    "decile_mape": 0.1,
    "wape": 0.9,
    "coverage": 0.8,
}


def planned(database: Database, first_month_version: int | None = 7) -> int:
    run_id = plan(database.writer, DECEMBER)
    execute(database.writer, "set_run_first_month_version", run_id=run_id, model_version=first_month_version)
    return run_id


def published(database: Database, lake: Lake, rows: list[dict[str, object]], **inputs: str) -> int:
    run_id = planned(database)
    write(lake, DECEMBER, [row(customer) for customer in CUSTOMERS])
    write_new_customers(lake, DECEMBER, rows, **inputs)
    publish(database.writer, lake, as_of=DECEMBER, run_id=run_id)
    return run_id


def test_readers_see_every_column_as_it_lies_in_the_lake(database: Database, lake: Lake) -> None:
    rows = [new_customer("12346"), new_customer("12347", level="0.00")]
    run_id = published(database, lake, rows)
    beside = {"as_of": DECEMBER, "run_id": run_id, "data_month": "2011-11"}
    assert [dict(actual) for actual in seen(database, "first_month")] == [{**expected, **beside} for expected in rows]


def test_another_run_of_the_month_replaces_them_and_a_withdrawal_takes_them_back(
    database: Database, lake: Lake
) -> None:
    published(database, lake, [new_customer("12346"), new_customer("12347")])
    published(database, lake, [new_customer("12348")])
    assert [actual["customer_id"] for actual in seen(database, "first_month")] == ["12348"]
    withdraw(database.writer, Month.before(DECEMBER), by="an operator", because="wrong prices")
    assert seen(database, "first_month") == []


def test_the_accuracy_of_such_forecasts_is_published_beside_them(database: Database, lake: Lake) -> None:
    run_id = planned(database)
    write(lake, DECEMBER, [row(customer) for customer in CUSTOMERS])
    write_new_customers(lake, DECEMBER, [], [ACCURACY])
    publish(database.writer, lake, as_of=DECEMBER, run_id=run_id)
    with database.reader.connect() as connection:
        [actual] = connection.execute(text("SELECT * FROM clv.first_month_accuracy")).mappings()
    assert float(actual["total_ratio"]) == pytest.approx(1.1)
    assert {name: actual[name] for name in FIRST_MONTH_ACCURACY.names} == ACCURACY


def test_rows_of_another_version_than_the_runs_are_refused(database: Database, lake: Lake) -> None:
    with pytest.raises(PublishError, match="1 rows were made by another version than the run's"):
        published(database, lake, [new_customer("12346"), new_customer("12347", model_version=6)])
    assert seen(database) == []


def test_rows_made_beside_other_standard_forecasts_are_refused(database: Database, lake: Lake) -> None:
    with pytest.raises(PublishError, match="beside other standard forecasts"):
        published(database, lake, [new_customer("12346")], forecasts="another")
    assert seen(database) == []


def test_a_first_month_of_another_length_is_refused(database: Database, lake: Lake) -> None:
    with pytest.raises(psycopg2.errors.CheckViolation, match="first_month_has_30_days"):
        published(database, lake, [new_customer("12346", completed_on=date(2011, 11, 21))])


def test_the_writer_adds_no_row_to_a_published_load(database: Database, lake: Lake) -> None:
    published(database, lake, [new_customer("12346")])
    added = text(
        "INSERT INTO clv.first_month_accuracy_rows "
        "(load_id, candidate, trained_until, customers, months, actual_total) "
        "SELECT max(load_id), 'x', '2011-01-01', 1, 1, 1 FROM clv.forecast_load"
    )
    with database.writer.begin() as connection, pytest.raises(InternalError, match="is not open for rows"):
        connection.execute(added)


def read(database: Database, customer: str, day: int) -> None:
    """Replace what readers see by a customer, as a job that has read until a day of November does."""
    forecasts = pd.DataFrame([new_customer(customer)]).assign(as_of=DECEMBER)
    replace_open_months(database.writer, forecasts, date(2011, 11, day))


def test_a_job_that_has_read_less_does_not_replace_what_a_later_one_wrote(database: Database) -> None:
    """A Spark job that nobody waits for any more may end after the next day's."""
    read(database, "12346", 24)
    read(database, "12347", 25)
    with pytest.raises(PublishError, match=r"2011-11-25.*2011-11-24.*nothing was changed"):
        read(database, "12348", 24)
    assert [entry["customer_id"] for entry in seen(database, "first_month")] == ["12347"]
    read(database, "12348", 25)
    assert [entry["customer_id"] for entry in seen(database, "first_month")] == ["12348"]
