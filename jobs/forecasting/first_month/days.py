"""The first month's time contract: which days it holds, when a customer has completed it, and which months follow it.

Day 0 is the day of a customer's first order. The first month is days 0 to 29; the forecast is made of nothing else. It
covers the 365 days from day 30 on, in twelve months of 30 or 31 days that are the same for every customer.
`docs/decisions/0015-first-month.md` gives the reasons.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobs.core.month import HORIZON_MONTHS
from jobs.lake.tables import ALL_DEPARTMENTS

FIRST_DAYS = 30
"""Days of the first month."""

AFTER_DAYS = 365
"""Days that the forecast covers."""

MONTH_ENDS = tuple(AFTER_DAYS * month // HORIZON_MONTHS for month in range(1, HORIZON_MONTHS + 1))
"""Days from day 30 to the end of each month that follows: 30, 60, 91, ... 365."""


def first_orders(daily: pd.DataFrame, as_of: date) -> pd.Series:
    """The day of the first order of every customer who ordered before `as_of`, by customer id, sorted.

    Args:
        daily: rows of the daily table (`tables.DAILY`), `ordered_on` as datetime64.
        as_of: what happened on or after this day is not looked at.
    """
    ordered = daily[(daily["department"] == ALL_DEPARTMENTS) & (daily["orders"] > 0)]
    ordered = ordered[ordered["ordered_on"] < pd.Timestamp(as_of)]
    first: pd.Series = ordered.groupby("customer_id", sort=True)["ordered_on"].min().rename("first_ordered_on")
    return first


def completed(first_ordered_on: pd.Series, as_of: date) -> pd.Series:
    """Those whose first month lies before `as_of` as a whole."""
    return first_ordered_on[_days_since(first_ordered_on, as_of) >= FIRST_DAYS]


def completed_between(first_ordered_on: pd.Series, after: date, as_of: date) -> pd.Series:
    """Those who completed it after one day and up to another: with two successive `as_of`, in the month between."""
    done = completed(first_ordered_on, as_of)
    return done[_days_since(done, after) < FIRST_DAYS]


def months_matured(first_ordered_on: pd.Series, as_of: date) -> NDArray[np.int64]:
    """How many of the twelve months after the first one lie before `as_of` as a whole, one number a customer."""
    days = _days_since(first_ordered_on, as_of) - FIRST_DAYS
    return np.searchsorted(np.array(MONTH_ENDS), days, side="right")


def month_after(days: NDArray[Any]) -> NDArray[np.int64]:
    """The month, 0 to 11, in which a day lies that is so many days after day 30; below 0 and beyond 11: in none."""
    month = np.searchsorted(np.array(MONTH_ENDS), days, side="right")
    return np.where(days < 0, -1, month)


def _days_since(first_ordered_on: pd.Series, day: date) -> NDArray[np.int64]:
    return np.asarray((pd.Timestamp(day) - first_ordered_on).dt.days, dtype=np.int64)
