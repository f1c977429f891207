"""A customer's lines before a day, and sums over them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import takewhile
from typing import NamedTuple

from jobs.lake.rows import Line

ZERO = Decimal("0.0000")
"""No money, with the decimals of `tables.MONEY`."""

Row = dict[str, object]
"""Some columns of a customer's features."""

Order = tuple[date, str]
"""An order counts once a day."""


class PastLine(NamedTuple):
    """A line from before `as_of`: the day before is 1 day old."""

    age_days: int
    order: Order
    line: Line


def lines_before(as_of: date, lines: Iterable[Line]) -> list[PastLine]:
    """The lines before a day, newest first."""
    days = ((line.ordered_at.date(), line) for line in lines)
    past = [PastLine((as_of - day).days, (day, line.order_id), line) for day, line in days if day < as_of]
    return sorted(past, key=lambda bought: bought.age_days)


def last_days(past: Sequence[PastLine], days: int) -> list[PastLine]:
    """Those of the lines, newest first, that are at most so old."""
    return list(takewhile(lambda bought: bought.age_days <= days, past))


def sold(past: Iterable[PastLine]) -> list[PastLine]:
    """The lines that are no returns."""
    return [bought for bought in past if not bought.line.is_return]


def returned(past: Iterable[PastLine]) -> list[PastLine]:
    """The lines that are returns."""
    return [bought for bought in past if bought.line.is_return]


def orders(past: Iterable[PastLine]) -> set[Order]:
    """The distinct orders of lines."""
    return {bought.order for bought in past}


def net_value(past: Iterable[PastLine]) -> Decimal:
    """The value of lines, less that of returns."""
    return sum((bought.line.net_value for bought in past), ZERO)


def units(past: Iterable[PastLine]) -> Decimal:
    """The units of lines, less those of returns; lines without units do not count."""
    return sum((bought.line.units for bought in past if bought.line.units is not None), ZERO)


def ratio(numerator: Decimal | int, denominator: Decimal | int) -> float | None:
    """One number divided by another, as doubles; None if the denominator is zero."""
    return float(numerator) / float(denominator) if denominator else None
