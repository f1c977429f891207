"""How old a forecast is: its month against the newest month that is over."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from jobs.core.month import Month


class Freshness(BaseModel):
    """The age of a forecast."""

    newest_closed_month: str = Field(
        description="The newest calendar month that is over, YYYY-MM", examples=["2011-11"]
    )
    age_days: int = Field(
        description="Days from this forecast's as_of to that of the newest closed month; 0: there can be no newer one",
        examples=[0],
    )


def freshness(as_of: date, today: date) -> Freshness:
    """The age, on a day, of a forecast as of the first of a month."""
    closed = Month.of(today).plus(-1)
    return Freshness(newest_closed_month=str(closed), age_days=max(0, (closed.as_of - as_of).days))
