"""New customers of a month that is still open: forecast from what has been delivered, until the month is published."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import text

from jobs import first_month
from jobs.core.month import CLOSING_DAYS, Month
from jobs.core.settings import FIRST_MONTH_MODEL
from jobs.forecasting.first_month.days import completed_between, first_orders
from jobs.lake.arrow import write_period
from jobs.lake.lake import Lake
from jobs.lake.tables import ALL_DEPARTMENTS, DAILY, TRANSACTIONS
from jobs.landing.cache import Kept
from jobs.models.first_month import FirstMonthModels
from jobs.models.first_month_open import OpenMonth
from jobs.models.registry import Registry
from jobs.withdraw import withdraw
from tests.conftest import Database
from tests.corner_shop import THREE_COLUMNS
from tests.first_month_lake import AS_OF, DAYS, days_in, snapshot, standard_version, write_shop
from tests.forecasts import CUSTOMERS, plan, publish, row, seen, write
from tests.snapshots import TABLE, write_snapshots

CLOSED = Month.of(AS_OF).plus(-2).first_day
"""The newest snapshot; two more months have been delivered in part."""
LAST_DAY = date(2021, 12, 20)


@pytest.fixture
def shop(
    environment: None, lake: Lake, database: Database, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> FirstMonthModels:
    """A shop that delivers one file a day's end, with a champion of the first month."""
    monkeypatch.setattr(first_month, "load", lambda _: THREE_COLUMNS)
    write_shop(lake, Month.of(CLOSED))
    ours = Registry(registry.tracking_uri, registry.database, FIRST_MONTH_MODEL)
    models = FirstMonthModels(registry=ours, lake=lake, table=TABLE)
    ours.alias("champion", models.train(CLOSED))
    write(lake, CLOSED, [row("c0001", model_version=standard_version(registry))])
    publish(database.writer, lake, as_of=CLOSED, run_id=plan(database.writer, CLOSED))
    return models


def deliver(lake: Lake, until: date) -> None:
    """Deliver every order and return up to a day in one file."""
    known = DAYS[(DAYS["department"] == ALL_DEPARTMENTS) & (DAYS["ordered_on"] <= pd.Timestamp(until))]
    file = Path(lake.root).with_name("landing") / "transactions.csv"
    file.parent.mkdir(exist_ok=True)
    columns = {"customer": known["customer_id"], "day": known["ordered_on"].dt.date, "paid": known["net_value"]}
    pd.DataFrame(columns).to_csv(file, index=False)


def completed_by(until: date) -> pd.Series:
    """Whose first month was over, of those delivered up to a day: it and the day before may not be."""
    read_until = until - timedelta(days=CLOSING_DAYS - 1)
    return completed_between(first_orders(DAYS, read_until), CLOSED, read_until)


def test_everybody_whose_first_month_is_over_is_forecast_from_what_was_delivered(
    shop: FirstMonthModels, database: Database
) -> None:
    for until in (LAST_DAY - timedelta(days=15), LAST_DAY):
        deliver(shop.lake, until)
        first_month.main([])
        made = seen(database, "first_month")
        first = completed_by(until)
        assert [entry["customer_id"] for entry in made] == sorted(
            first.index, key=lambda name: (Month.of(first[name].date() + timedelta(days=29)).as_of, name)
        )
        assert len(made) > 20
        assert {entry["run_id"] for entry in made} == {None}
        assert {entry["completed_on"] - entry["first_ordered_on"] for entry in made} == {timedelta(days=30)}
        assert max(entry["completed_on"] for entry in made) <= until
    assert shop.lake.periods(TRANSACTIONS) == []


def test_who_was_erased_is_not_forecast(shop: FirstMonthModels, database: Database) -> None:
    deliver(shop.lake, LAST_DAY)
    first_month.main([])
    before = seen(database, "first_month")
    erased = before[0]["customer_id"]
    with database.owner.begin() as connection:
        connection.execute(text("SELECT * FROM clv.forget(ARRAY[:erased], 'Ada', 'request 17')"), {"erased": erased})
    first_month.main([])
    assert seen(database, "first_month") == before[1:]


def test_a_run_again_leaves_the_same_rows(shop: FirstMonthModels, database: Database) -> None:
    deliver(shop.lake, LAST_DAY)
    first_month.main([])
    once = seen(database, "first_month")
    first_month.main([])
    assert seen(database, "first_month") == once


def test_a_published_month_takes_the_place_of_its_open_one(shop: FirstMonthModels, database: Database) -> None:
    deliver(shop.lake, LAST_DAY)
    first_month.main([])
    published = Month.of(CLOSED).as_of
    run_id = plan(database.writer, published)
    write(shop.lake, published, [row(customer) for customer in CUSTOMERS])
    publish(database.writer, shop.lake, as_of=published, run_id=run_id)
    assert {entry["as_of"] for entry in seen(database, "first_month")} == {Month.of(published).as_of}


def test_a_month_that_the_lake_holds_but_readers_do_not_see_is_an_open_one(
    shop: FirstMonthModels, database: Database
) -> None:
    """Its run is under way, or failed, or its forecasts were refused."""
    month = Month.of(CLOSED)
    write_period(days_in(month), shop.lake, DAILY, month, {})
    write_snapshots(shop.lake, {month.as_of: snapshot(month.as_of)})
    write(shop.lake, month.as_of, [row("c0001", model_version=999)])
    deliver(shop.lake, LAST_DAY)
    first_month.main([])
    assert {entry["customer_id"] for entry in seen(database, "first_month")} == set(completed_by(LAST_DAY).index)


def test_while_nothing_is_published_nothing_is_forecast(shop: FirstMonthModels, database: Database) -> None:
    withdraw(database.writer, Month.before(CLOSED), by="an operator", because="wrong prices")
    deliver(shop.lake, LAST_DAY)
    first_month.main([])
    assert seen(database, "first_month") == []


def test_without_newer_orders_nothing_is_changed(shop: FirstMonthModels, database: Database) -> None:
    deliver(shop.lake, LAST_DAY)
    first_month.main([])
    before = seen(database, "first_month")
    deliver(shop.lake, CLOSED - timedelta(days=1))
    first_month.main([])
    assert seen(database, "first_month") == before


def test_executors_and_the_driver_share_the_folder_of_the_open_orders_and_it_is_removed(
    shop: FirstMonthModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a cluster they share no other folder than the lake and the landing."""
    deliver(shop.lake, LAST_DAY)
    folders: list[Path] = []

    def stop(models: FirstMonthModels, number: int, opened: OpenMonth, *, today: date) -> None:
        folders.append(Path(opened.lake.root))
        raise KeyError

    monkeypatch.setattr(first_month, "forecast_open_month", stop)
    with pytest.raises(KeyError):
        first_month.main([])
    cache = Kept.in_folder(shop.lake.root).cache
    assert [folder.parent for folder in folders] == [cache]
    assert list(cache.glob(".scratch*")) == []


def test_without_a_champion_nothing_is_forecast(
    environment: None, lake: Lake, database: Database, registry: Registry
) -> None:
    first_month.main([])
    assert seen(database, "first_month") == []
