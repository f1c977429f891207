"""The time contract: which month a run is for, and which data that month may use.

A run is for one *data month*, say 2011-11. Its `as_of` is the first day after it, 2011-12-01: features use only
data from before `as_of`, and the forecast covers the twelve calendar months that start on it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from jobs.core.refusal import RefusedError

HORIZON_MONTHS = 12
HORIZONS = (1, 3, 6, HORIZON_MONTHS)
"""How many months from `as_of` on a forecast may be asked for."""

DATED_RUN_TYPES = ("scheduled", "backfill")
"""Airflow's run types whose logical date starts the data month; that of others is the time of the trigger, or none."""

CLOSING_DAYS = 2
"""A month is closed by rows of this many later days: a single row may be dated ahead by mistake."""

_MONTH_TEXT = re.compile(r"(\d{4})-(\d{2})")


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month; orders, hashes and prints as `YYYY-MM`."""

    year: int
    number: int

    def __post_init__(self) -> None:
        """Refuse months outside 1-12 and years outside 1900-2200."""
        if not (1 <= self.number <= 12 and 1900 <= self.year <= 2200):
            raise RefusedError(f"{self.year}-{self.number:02d} is not a month: give YYYY-MM, for example 2011-11")

    @classmethod
    def parse(cls, text: str) -> Month:
        """Read `YYYY-MM`; raises ValueError for anything else."""
        match = _MONTH_TEXT.fullmatch(text)
        if match is None:
            raise RefusedError(f"{text!r} is not a month: give YYYY-MM, for example 2011-11")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> Month:
        """The month that holds `day`."""
        return cls(day.year, day.month)

    @classmethod
    def before(cls, as_of: date) -> Month:
        """The data month of a run as of the first of a month; raises ValueError for any other day."""
        if as_of.day != 1:
            raise RefusedError(f"as_of {as_of} is not the first of a month")
        return cls.of(as_of).plus(-1)

    @property
    def first_day(self) -> date:
        """The first day of the month."""
        return date(self.year, self.number, 1)

    @property
    def as_of(self) -> date:
        """The first day after the month: features look back from it, the forecast starts on it."""
        return self.plus(1).first_day

    def plus(self, months: int) -> Month:
        """The month `months` later, or earlier if negative."""
        index = self.year * 12 + self.number - 1 + months
        return Month(index // 12, index % 12 + 1)

    def through(self, last: Month) -> list[Month]:
        """Every month from this one to `last`, both included; empty if `last` is earlier."""
        return [self.plus(i) for i in range(self.months_until(last) + 1)]

    def months_until(self, other: Month) -> int:
        """The number of months from this one to `other`; negative if `other` is earlier."""
        return (other.year - self.year) * 12 + other.number - self.number

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"


def previous_as_of(as_of: date) -> date:
    """The `as_of` a month earlier."""
    return Month.before(as_of).first_day


def parse_as_of(text: str) -> date:
    """Read an `as_of` date; raises ValueError unless it is the first of a month."""
    as_of = date.fromisoformat(text)
    Month.before(as_of)
    return as_of


def named_month(*, requested: str | None, run_type: str, logical_date: datetime | None) -> Month | None:
    """The data month that a run's parameter or logical date names; None for other runs without the parameter.

    Args:
        requested: the run's `month` parameter, `YYYY-MM`; takes precedence over the logical date.
        run_type: Airflow's run type: `scheduled`, `backfill`, `manual`, `operator_triggered` (started by another DAG)
            or `asset_triggered`.
        logical_date: Airflow's logical date. Used for scheduled and backfill runs only: for a manual run it is the
            moment of the trigger.
    """
    if requested:
        return Month.parse(requested)
    if run_type in DATED_RUN_TYPES and logical_date is not None:
        return Month.of(logical_date)
    return None


class MonthRefusedError(RefusedError):
    """The requested month cannot be run: it is not closed, or lies before the first month of data."""


def resolve_month(
    *, requested: str | None, run_type: str, logical_date: datetime | None, first: Month, last_closed: Month
) -> Month:
    """The data month of a run, the same for scheduled, manual, cleared and backfill runs of that month.

    Args:
        requested: see `named_month`.
        run_type: see `named_month`.
        logical_date: see `named_month`.
        first: the first month the source has data for.
        last_closed: the newest month the source has delivered in full.

    Raises:
        MonthRefusedError: the month is not closed yet, or lies before the source's first month.
    """
    month = named_month(requested=requested, run_type=run_type, logical_date=logical_date) or last_closed
    if not first <= month <= last_closed:
        reason = (
            "lies before the first month of data"
            if month < first
            else f"is not closed: that takes rows of {CLOSING_DAYS} later days, or _SUCCESS in the month's folder"
        )
        raise MonthRefusedError(f"month {month} {reason}. Months that can be run: {first} to {last_closed}.")
    return month
