"""The daily rows of some customers, sorted by customer and day, with running totals.

A sum over any span of days is the difference of two running totals. All measures are integers, money in
ten-thousandths, so sums are exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_DAYS_PER_CUSTOMER = 1 << 22
_EARLIEST = -(1 << 20)
"""Days are numbered from here, some 2,900 years before 1970, so that numbers are positive."""


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return int(np.datetime64(day, "D").astype(np.int64))


class Days:
    """Rows of days. Customers are numbered from 0."""

    def __init__(self, customers: int, customer: Ints, day: Ints, measures: Mapping[str, Ints]) -> None:
        """Sort the rows.

        Args:
            customers: the number of customers, also of those without a row.
            customer: of each row, the number of its customer.
            day: of each row, its day as `day_number`.
            measures: name → the value of each row.
        """
        key = customer * _DAYS_PER_CUSTOMER + (day - _EARLIEST)
        order = np.argsort(key, kind="stable")
        self.day, self.customer = day[order], customer[order]
        self._key, self._measures = key[order], {name: values[order] for name, values in measures.items()}
        self._totals: dict[str, Ints] = {}
        self._start_of_customer = np.arange(customers, dtype=np.int64) * _DAYS_PER_CUSTOMER - _EARLIEST

    def __getitem__(self, measure: str) -> Ints:
        """The value of each row, in their order."""
        return self._measures[measure]

    def derive(self, name: str, values: Ints) -> None:
        """Add a measure, given the value of each row in their order."""
        self._measures[name] = values

    def where(self, is_kept: Flags, **measures: Ints) -> Days:
        """The rows that are kept, with measures given as the value of each row of this one in their order."""
        kept = {name: values[is_kept] for name, values in measures.items()}
        return Days(len(self._start_of_customer), self.customer[is_kept], self.day[is_kept], kept)

    def between(self, since: date | int, until: date | int) -> Span:
        """Each customer's rows from a day on until before another."""
        return Span(self, self._first_from(since), self._first_from(until))

    def last(self, days: int, as_of: date) -> Span:
        """Each customer's rows of the days before a day."""
        end = day_number(as_of)
        return self.between(end - days, end)

    def running(self, measure: str) -> Ints:
        """The total of the rows before each row, and of all rows."""
        if measure not in self._totals:
            values = self._measures[measure]
            totals = np.zeros(len(values) + 1, dtype=np.int64)
            np.cumsum(values, out=totals[1:])
            self._totals[measure] = totals
        return self._totals[measure]

    def _first_from(self, day: date | int) -> Ints:
        number = day if isinstance(day, int) else day_number(day)
        return np.searchsorted(self._key, self._start_of_customer + number)


@dataclass(frozen=True)
class Span:
    """Each customer's rows of a span of days: those from position `start` to before `end`."""

    days: Days
    start: Ints
    end: Ints

    def sum(self, measure: str) -> Ints:
        """The total of a measure, one value a customer; 0 without a row."""
        running = self.days.running(measure)
        return running[self.end] - running[self.start]

    @property
    def rows(self) -> Ints:
        """The number of rows of each customer."""
        return self.end - self.start

    def first_day(self, without: int) -> Ints:
        """The day of each customer's first row; `without` if it has none."""
        return self._day_at(self.start, without)

    def last_day(self, without: int) -> Ints:
        """The day of each customer's last row; `without` if it has none."""
        return self._day_at(self.end - 1, without)

    def _day_at(self, position: Ints, without: int) -> Ints:
        day = np.full(len(position), without, dtype=np.int64)
        has_row = self.end > self.start
        day[has_row] = self.days.day[position[has_row]]
        return day
