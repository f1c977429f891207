from __future__ import annotations

from collections.abc import Mapping

import pytest
from sqlalchemy import RowMapping, text

from jobs.accuracy.actuals import load_actuals
from jobs.accuracy.record import measure_published
from jobs.core.month import Month
from jobs.lake.lake import Lake
from jobs.measure_accuracy import main
from jobs.withdraw import withdraw
from tests.accuracy.days import write_days
from tests.conftest import Database
from tests.forecasts import CUSTOMERS, DECEMBER, NOVEMBER, plan, publish, publish_new_run, row, seen, write

FIRST = Month.of(NOVEMBER)
"""The first forecast month. `row` forecasts 10 for it, 20 for the next, and so on: 780 in a year."""


def lived(database: Database, lake: Lake, months: int, brought: Mapping[str, str], *, before: int = 0) -> int:
    """Have customers bring the same in each month, some before the forecast and some of it; how many were measured."""
    for ahead in range(-before, months):
        write_days(lake, FIRST.plus(ahead), brought)
    load_actuals(database.writer, lake, FIRST.plus(months - 1), "EUR")
    return measure_published(database.writer)


def record(database: Database, months: int, segment: str = "all", candidate: str = "forecast") -> RowMapping:
    query = (
        "SELECT * FROM clv.accuracy WHERE as_of = :as_of AND horizon_months = :months AND segment = :segment "
        "AND candidate = :candidate"
    )
    asked = {"as_of": NOVEMBER, "months": months, "segment": segment, "candidate": candidate}
    with database.reader.connect() as connection:
        return connection.execute(text(query), asked).mappings().one()


def horizons(database: Database) -> set[tuple[object, int]]:
    return {(row["as_of"], row["horizon_months"]) for row in seen(database, "accuracy")}


def test_a_forecast_is_measured_over_each_horizon_whose_months_are_over(database: Database, lake: Lake) -> None:
    run_id = publish_new_run(database, lake, NOVEMBER)
    assert lived(database, lake, 5, {"12346": "20", "12347": "10"}) == 2
    assert horizons(database) == {(NOVEMBER, 1), (NOVEMBER, 3)}
    three = record(database, 3)
    assert (three["customers"], three["run_id"], three["model_version"]) == (3, run_id, 3)
    assert (float(three["actual_total"]), float(three["forecast_total"]), float(three["bias"])) == (90, 180, 90)
    assert three["total_ratio"] == 2
    # Off by 0, 30 and 60: the third customer brought nothing.
    assert three["wape"] == pytest.approx(1.0)
    assert three["mae"] == pytest.approx(30.0)
    assert three["rmse"] == pytest.approx((4500 / 3) ** 0.5)
    assert three["decile_mape"] == pytest.approx((0 + 1) / 2)
    assert three["meets_decile_bar"] is False
    assert three["coverage"] is None


def test_intervals_are_measured_once_the_year_is_over(database: Database, lake: Lake) -> None:
    publish_new_run(database, lake, NOVEMBER)
    # The interval is 390 to 1560.
    lived(database, lake, 12, {"12346": "60", "12347": "32.50", "12348": "32.49"})
    assert record(database, 12)["coverage"] == pytest.approx(2 / 3)
    assert horizons(database) == {(NOVEMBER, months) for months in (1, 3, 6, 12)}


def test_every_segment_holds_its_own_customers_and_all_of_them_hold_everybody(database: Database, lake: Lake) -> None:
    run_id = plan(database.writer, NOVEMBER)
    rows = [row("a", level="30.00"), row("b", level="20.00", status="new"), row("c", level="10.00", status="new")]
    write(lake, NOVEMBER, rows)
    publish(database.writer, lake, as_of=NOVEMBER, run_id=run_id)
    lived(database, lake, 1, {"a": "1", "b": "2", "c": "4"})
    actual = {
        (entry["segment_by"], entry["segment"]): (entry["customers"], float(entry["actual_total"]))
        for entry in seen(database, "accuracy")
    }
    assert actual == {
        ("all", "all"): (3, 7),
        ("status", "active"): (1, 1),
        ("status", "new"): (2, 6),
        ("tier", "5"): (1, 1),
        ("tier", "6"): (2, 6),
        ("decile", "01"): (1, 1),
        ("decile", "02"): (1, 2),
        ("decile", "03"): (1, 4),
    }


def test_the_trailing_year_is_the_mean_of_the_known_months_before(database: Database, lake: Lake) -> None:
    publish_new_run(database, lake, NOVEMBER)
    lived(database, lake, 3, {"12346": "20", "12347": "10"}, before=4)
    trailing = record(database, 3, candidate="trailing_year")
    assert (float(trailing["forecast_total"]), trailing["wape"], trailing["coverage"]) == (90, 0, None)


def test_measuring_again_changes_nothing_until_a_month_is_restated(database: Database, lake: Lake) -> None:
    publish_new_run(database, lake, NOVEMBER)
    lived(database, lake, 3, {"12346": "20"})
    before = seen(database, "accuracy")
    assert measure_published(database.writer) == 0
    assert seen(database, "accuracy") == before
    write_days(lake, FIRST.plus(2), {"12346": "50"})
    load_actuals(database.writer, lake, FIRST.plus(2), "EUR")
    assert measure_published(database.writer) == 1
    assert (float(record(database, 3)["actual_total"]), float(record(database, 1)["actual_total"])) == (90, 20)


def test_the_record_is_that_of_what_readers_see(database: Database, lake: Lake) -> None:
    publish_new_run(database, lake, NOVEMBER)
    lived(database, lake, 1, {"12346": "20"})
    publish_new_run(database, lake, NOVEMBER, level="20.00")
    assert seen(database, "accuracy") == [], "nobody has measured the new forecast yet"
    assert measure_published(database.writer) == 1
    assert float(record(database, 1)["forecast_total"]) == 60
    withdraw(database.writer, Month.before(NOVEMBER), by="an operator", because="wrong prices")
    assert seen(database, "accuracy") == []


def test_what_is_not_over_is_not_measured_though_later_months_are_known(database: Database, lake: Lake) -> None:
    publish_new_run(database, lake, NOVEMBER)
    write_days(lake, FIRST, {"12346": "20"})
    write_days(lake, FIRST.plus(2), {"12346": "20"})
    load_actuals(database.writer, lake, FIRST.plus(2), "EUR")
    measure_published(database.writer)
    assert horizons(database) == {(NOVEMBER, 1)}


@pytest.mark.usefixtures("environment")
def test_a_run_measures_the_forecasts_of_earlier_months(database: Database, lake: Lake) -> None:
    publish_new_run(database, lake, NOVEMBER)
    run_id = publish_new_run(database, lake, DECEMBER)
    write_days(lake, FIRST, dict.fromkeys(CUSTOMERS, "10"))
    main(["--as-of", str(DECEMBER), "--run-id", str(run_id)])
    assert record(database, 1)["wape"] == 0
    assert horizons(database) == {(NOVEMBER, 1)}
    with database.owner.connect() as connection:
        tasks = connection.execute(text("SELECT task, rows FROM clv.run_task")).all()
    assert [tuple(task) for task in tasks] == [("publish.measure_accuracy", 3)]
