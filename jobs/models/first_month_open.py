"""Forecast the customers whose first month has ended since the newest published month, from what was delivered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from jobs.core.month import CLOSING_DAYS, Month
from jobs.forecasting.first_month.days import FIRST_DAYS, completed_between, first_orders
from jobs.forecasting.first_month.features import first_month_features
from jobs.lake.lake import Lake
from jobs.lake.tables import DAILY
from jobs.models.first_month import FirstMonthModels
from jobs.models.first_month_data import days_of, first_orders_of, profiles_until
from jobs.models.first_month_scoring import forecasts_of


@dataclass(frozen=True)
class OpenMonth:
    """The orders since the newest published month.

    Attributes:
        since: the newest published `as_of`.
        lake: a lake of its own with the daily rows since then, which no run reads.
        months: their months.
    """

    since: date
    lake: Lake
    months: list[Month]


def forecast_open_month(
    models: FirstMonthModels, number: int, opened: OpenMonth, *, today: date
) -> tuple[pd.DataFrame, date] | None:
    """One row per customer whose first month ended after the newest published one: FIRST_MONTH, and `as_of`.

    As with a month, rows of `CLOSING_DAYS` days tell that earlier ones are over; only these count.

    Args:
        models: the model of the first month, and the lake of the closed months.
        number: the version that forecasts.
        opened: the orders since.
        today: rows of later days are dated ahead by mistake.

    Returns:
        The rows, and the first day that did not count; None if no day since then is known to be over.

    Raises:
        IncompleteError: a month is not in the lake.
    """
    since = opened.since
    known = first_orders_of(models.lake, models.table, since)
    fresh = days_of(opened.lake, opened.months, None)
    until = _read_until(fresh, today)
    if until is None or until <= since:
        return None
    new = first_orders(fresh[~fresh["customer_id"].isin(known.index)], until)
    first = completed_between(pd.concat([known, new]).sort_index(), since, until)
    last = Month.before(since)
    earliest_month = min(models.lake.periods(DAILY), default=str(last))
    closed = [month for month in (last.plus(-1), last) if str(month) >= earliest_month]
    customers = first.index.tolist()
    earlier = days_of(models.lake, closed, customers)
    daily = pd.concat([earlier, fresh[fresh["customer_id"].isin(customers)]], ignore_index=True)
    earliest = since - timedelta(days=2 * FIRST_DAYS)
    features = first_month_features(daily, profiles_until(models.lake, since, earliest, customers), first)
    made = forecasts_of(models, number, features, since)
    months = [Month.of(day - timedelta(days=1)) for day in made["completed_on"]]
    return made.assign(as_of=[month.as_of for month in months]), until


def _read_until(daily: pd.DataFrame, today: date) -> date | None:
    days = sorted(day for day in daily["ordered_on"].dt.date.unique() if day <= today)
    return days[-CLOSING_DAYS] if len(days) >= CLOSING_DAYS else None
