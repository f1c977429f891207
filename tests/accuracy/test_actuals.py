from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from jobs.accuracy import actuals
from jobs.accuracy.actuals import load_actuals
from jobs.core.month import Month
from jobs.lake.lake import Lake
from jobs.publishing.copy import copy_rows
from tests.accuracy.days import write_days
from tests.conftest import Database
from tests.forecasts import seen

OCTOBER, NOVEMBER = Month(2011, 10), Month(2011, 11)


def loaded(database: Database) -> dict[tuple[str, str], Decimal]:
    return {(row["data_month"], row["customer_id"]): row["net_value"] for row in seen(database, "actual")}


def test_readers_see_what_each_customer_brought_and_ordered_in_each_month(database: Database, lake: Lake) -> None:
    write_days(lake, OCTOBER, {"12346": "20.50", "12347": "-3.25"})
    write_days(lake, NOVEMBER, {"12346": "1.0002"})
    assert load_actuals(database.writer, lake, NOVEMBER, "EUR") == 3
    assert [dict(row) for row in seen(database, "actual")] == [
        {
            "data_month": month,
            "as_of": as_of,
            "month": first_day,
            "customer_id": customer,
            "net_value": Decimal(value),
            "orders": 2,
            "currency": "EUR",
        }
        for month, as_of, first_day, customer, value in (
            ("2011-10", date(2011, 11, 1), date(2011, 10, 1), "12346", "20.5000"),
            ("2011-10", date(2011, 11, 1), date(2011, 10, 1), "12347", "-3.2500"),
            ("2011-11", date(2011, 12, 1), date(2011, 11, 1), "12346", "1.0002"),
        )
    ]


def test_months_after_the_run_s_are_left_to_their_own_runs(database: Database, lake: Lake) -> None:
    write_days(lake, OCTOBER, {"12346": "1"})
    write_days(lake, NOVEMBER, {"12346": "2"})
    load_actuals(database.writer, lake, OCTOBER, "EUR")
    assert loaded(database) == {("2011-10", "12346"): 1}


def test_a_restated_month_is_replaced_and_the_others_are_not_read_again(database: Database, lake: Lake) -> None:
    write_days(lake, OCTOBER, {"12346": "1", "12347": "1"})
    write_days(lake, NOVEMBER, {"12346": "2"})
    load_actuals(database.writer, lake, NOVEMBER, "EUR")
    write_days(lake, OCTOBER, {"12347": "5"})
    assert load_actuals(database.writer, lake, NOVEMBER, "EUR") == 1
    assert loaded(database) == {("2011-10", "12347"): 5, ("2011-11", "12346"): 2}
    assert load_actuals(database.writer, lake, NOVEMBER, "EUR") == 0


def test_a_month_in_which_nobody_ordered_is_known_to_be_empty(database: Database, lake: Lake) -> None:
    write_days(lake, OCTOBER, {})
    load_actuals(database.writer, lake, OCTOBER, "EUR")
    assert loaded(database) == {}
    assert load_actuals(database.writer, lake, OCTOBER, "EUR") == 0


def test_a_month_that_is_replaced_while_it_loads_is_loaded_as_it_was_and_anew_by_the_next_run(
    database: Database, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_days(lake, OCTOBER, {"12346": "1"})

    def replaced_meanwhile(*arguments: object) -> None:
        write_days(lake, OCTOBER, {"12346": "3"})
        copy_rows(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(actuals, "copy_rows", replaced_meanwhile)
    load_actuals(database.writer, Lake(lake.root, versions={}), OCTOBER, "EUR")
    assert loaded(database) == {("2011-10", "12346"): 1}
    monkeypatch.undo()
    load_actuals(database.writer, Lake(lake.root, versions={}), OCTOBER, "EUR")
    assert loaded(database) == {("2011-10", "12346"): 3}
