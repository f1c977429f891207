"""Which days of an open month count, and what happens where none or too few are known."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from jobs.core.month import Month
from jobs.core.settings import FIRST_MONTH_MODEL
from jobs.forecasting.first_month.days import completed_between, first_orders
from jobs.lake.arrow import write_period
from jobs.lake.lake import Lake
from jobs.lake.tables import DAILY
from jobs.lake.versions import IncompleteError
from jobs.models.first_month import FirstMonthModels
from jobs.models.first_month_open import OpenMonth, forecast_open_month
from jobs.models.registry import Registry
from tests.first_month_lake import AS_OF, DAYS, days_in, standard_version, write_shop
from tests.forecasting.first_month.shop import day_row
from tests.forecasts import row, write
from tests.periods import take_out
from tests.snapshots import TABLE

CLOSED = Month.of(AS_OF).plus(-2).first_day
LAST_DAY = date(2021, 12, 20)
LATER = date(2022, 1, 31)
DELIVERED = DAYS[DAYS["ordered_on"] <= pd.Timestamp(LAST_DAY)]
"""There are rows of every one of the last days."""


@pytest.fixture
def models(lake: Lake, registry: Registry) -> FirstMonthModels:
    write_shop(lake, Month.of(CLOSED))
    ours = Registry(registry.tracking_uri, registry.database, FIRST_MONTH_MODEL)
    write(lake, CLOSED, [row("c0001", model_version=standard_version(registry))])
    return FirstMonthModels(registry=ours, lake=lake, table=TABLE)


def opened(folder: Path, days: pd.DataFrame) -> OpenMonth:
    lake, months = Lake(str(folder)), Month.of(CLOSED).through(Month.of(AS_OF).plus(-1))
    for month in months:
        write_period(days_in(month, days), lake, DAILY, month, {})
    return OpenMonth(CLOSED, lake, months)


def dated(*days: date) -> pd.DataFrame:
    """What was delivered, and orders of one customer on other days."""
    return pd.concat([DELIVERED, pd.DataFrame([day_row("ahead", str(day), 5.0) for day in days])], ignore_index=True)


def test_a_row_dated_ahead_by_mistake_ends_nobodys_first_month(models: FirstMonthModels, tmp_path: Path) -> None:
    number = models.train(CLOSED)
    given = opened(tmp_path / "open", dated(LAST_DAY + timedelta(days=10)))
    made = forecast_open_month(models, number, given, today=LATER)
    assert made is not None
    rows, read_until = made
    assert read_until == LAST_DAY
    assert set(rows["customer_id"]) == set(completed_between(first_orders(DAYS, LAST_DAY), CLOSED, LAST_DAY).index)


def test_days_after_today_do_not_count_however_many_there_are(models: FirstMonthModels, tmp_path: Path) -> None:
    number, ahead = models.train(CLOSED), [LAST_DAY + timedelta(days=days) for days in (9, 10, 11)]
    made = forecast_open_month(models, number, opened(tmp_path / "open", dated(*ahead)), today=ahead[0])
    assert made is not None
    assert made[1] == LAST_DAY


@pytest.mark.parametrize(
    "days",
    [DELIVERED.iloc[:0], dated(CLOSED).tail(1), dated(CLOSED, CLOSED + timedelta(days=1)).tail(2)],
    ids=["no row", "a single day", "the first day may not be over"],
)
def test_where_no_day_is_known_to_be_over_there_is_nothing_to_replace(
    models: FirstMonthModels, tmp_path: Path, days: pd.DataFrame
) -> None:
    assert forecast_open_month(models, 1, opened(tmp_path / "open", days), today=LATER) is None


def test_a_closed_month_that_is_missing_is_no_month_without_orders(models: FirstMonthModels, tmp_path: Path) -> None:
    take_out(models.lake, DAILY, Month.before(CLOSED))
    with pytest.raises(IncompleteError, match=str(Month.before(CLOSED))):
        forecast_open_month(models, 1, opened(tmp_path / "open", DELIVERED), today=LATER)


def test_before_the_first_month_of_the_data_none_is_missing(models: FirstMonthModels, tmp_path: Path) -> None:
    number = models.train(CLOSED)
    take_out(models.lake, DAILY, *map(Month.parse, models.lake.periods(DAILY)[:-1]))
    made = forecast_open_month(models, number, opened(tmp_path / "open", DELIVERED), today=LATER)
    assert made is not None
    assert not made[0].empty
