"""Order lines without Spark: delivered rows → clean lines and rejected rows, by the rules of `jobs.cleaning`.

`jobs.cleaning.transactions` and `flagging` do it for whole months; tests hold both equal. Predicates of a mapping are
Spark SQL, which nothing but Spark evaluates alike: a source that has any is refused.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import NamedTuple

from jobs.cleaning.row_times import time
from jobs.cleaning.row_values import as_money, identifier, is_unusable_id, money, present, product, texts_of
from jobs.core.month import Month
from jobs.core.value_basis import MARGIN_BY_DEPARTMENT, NET_REVENUE
from jobs.lake.rows import Line
from jobs.lake.tables import UNKNOWN_DEPARTMENT
from jobs.sources.mapping import MappingError, Source, delivered_columns

_RATE_UNIT = Decimal("0.000001")


class RejectedRow(NamedTuple):
    """A row as delivered, and every reason why it is not clean, in the order and the words of the batch."""

    row: Mapping[str, object]
    reasons: tuple[str, ...]


class CleanedRows(NamedTuple):
    """What became of delivered rows: each is one line or one rejected row. Both keep their order."""

    lines: list[Line]
    rejected: list[RejectedRow]


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """Where rows come from.

    Attributes:
        first: the first month of a delivery without month folders; rows without a usable time are assigned to it.
        last: the last such month; a time outside them is implausible.
        month: the month of the folder in which the rows were delivered; None without such folders.
        products: the clean lists of products: month of the list → article → department.
    """

    first: Month
    last: Month
    month: Month | None = None
    products: Mapping[Month, Mapping[str, str]]

    def month_of(self, at: datetime | None) -> str:
        """The month a row is assigned to, as `YYYY-MM`."""
        own = _month_text(at)
        if self.month is not None:
            return str(self.month)
        return own if own is not None and str(self.first) <= own <= str(self.last) else str(self.first)

    def department(self, product_id: str | None, month: str) -> str:
        """The department of an article in the newest list that is not later than a month, or 'unknown'."""
        later = bisect_right(self._lists, month)
        if later == 0 or product_id is None:
            return UNKNOWN_DEPARTMENT
        return self.products[Month.parse(self._lists[later - 1])].get(product_id, UNKNOWN_DEPARTMENT)

    def time_reasons(self, at: datetime | None) -> dict[str, bool]:
        """Reasons to reject a row because of its time."""
        is_outside = at is not None and _month_text(at) != self.month_of(at)
        return {
            "unreadable_time": at is None,
            "outside_delivery_month": is_outside and self.month is not None,
            "implausible_time": is_outside and self.month is None,
        }

    @cached_property
    def _lists(self) -> list[str]:
        return sorted(map(str, self.products))


def clean_transactions(rows: Iterable[Mapping[str, object]], source: Source, delivered: Delivered) -> CleanedRows:
    """Clean order lines: the lines that the batch keeps, and the rows that it rejects.

    Args:
        rows: one object a row: delivered column → text, number, truth value or None. All rows of a delivery together,
            so that repeated ones are found.
        source: the mapping, on a value basis.
        delivered: where the rows come from.

    Raises:
        MappingError: the mapping has predicates.
        RefusedError: a row lacks a mapped column, or holds a list or an object.
    """
    refuse_predicates(source)
    cleaned = CleanedRows([], [])
    seen: set[tuple[object, ...]] = set()
    required = delivered_columns(source.transactions)
    for row in rows:
        texts = texts_of(row, required)
        typed = _Typed.of(texts, source, delivered)
        reasons = [reason for reason, applies in _reasons(typed, texts, source, delivered).items() if applies]
        key = (typed.month, *sorted((name, text) for name, text in texts.items() if text is not None))
        if source.rejects_duplicates and key in seen:
            reasons.append("duplicate")
        seen.add(key)
        line = None if reasons else typed.line()
        if line is None:
            cleaned.rejected.append(RejectedRow(row, tuple(reasons)))
        else:
            cleaned.lines.append(line)
    return cleaned


def refuse_predicates(source: Source) -> None:
    """Raise MappingError if the mapping has predicates, which only Spark can evaluate."""
    predicates = [
        *(["returns"] if source.returns is not None else []),
        *(f"rule {rule.reason}" for rule in source.rules),
    ]
    if predicates:
        raise MappingError(
            f"{source.name} cannot be cleaned without Spark: its mapping has Spark SQL ({', '.join(predicates)}). "
            "Ingest its rows with the batch and read the clean lines"
        )


@dataclass(frozen=True, kw_only=True)
class _Typed:
    """A row with the columns of the transactions table; None where a text cannot be read."""

    customer_id: str | None
    order_id: str
    ordered_at: datetime | None
    month: str
    product_id: str | None
    department: str
    units: Decimal | None
    unit_price: Decimal | None
    net_value: Decimal | None
    margin: Decimal | None

    @classmethod
    def of(cls, texts: Mapping[str, str | None], source: Source, delivered: Delivered) -> _Typed:
        columns = source.transactions
        customer_id, order_id, product_id = (
            identifier(_get(texts, column), source)
            for column in (columns.customer_id, columns.order_id, columns.product_id)
        )
        ordered_at = time(_get(texts, columns.ordered_at), source)
        month = delivered.month_of(ordered_at)
        units, unit_price = money(_get(texts, columns.units)), money(_get(texts, columns.unit_price))
        value = money(_get(texts, columns.amount))
        if columns.amount is None and units is not None and unit_price is not None:
            value = as_money(product(units, unit_price))
        if units is not None:
            units = -abs(units) if value is not None and value < 0 else abs(units)
        department = present(_get(texts, columns.department)) or delivered.department(product_id, month)
        moment = None if ordered_at is None else ordered_at.isoformat(timespec="seconds")
        return cls(
            customer_id=customer_id,
            order_id=order_id or "@".join(part for part in (customer_id, moment) if part is not None),
            ordered_at=ordered_at,
            month=month,
            product_id=product_id,
            department=department,
            units=units,
            unit_price=unit_price,
            net_value=value,
            margin=_margin(texts, source, value, units, department),
        )

    def line(self) -> Line | None:
        """The clean line, on the source's value basis."""
        if self.customer_id is None or self.ordered_at is None or self.net_value is None or self.margin is None:
            return None
        ids = (self.customer_id, self.order_id, self.ordered_at, self.product_id, self.department)
        return Line(*ids, self.units, self.margin, self.net_value < 0)


def _get(texts: Mapping[str, str | None], column: str | None) -> str | None:
    return None if column is None else texts[column]


def _month_text(at: datetime | None) -> str | None:
    return None if at is None else f"{at.year:04d}-{at.month:02d}"


def _reasons(typed: _Typed, texts: Mapping[str, str | None], source: Source, delivered: Delivered) -> dict[str, bool]:
    no_value = typed.net_value is None
    margin_reason = "no_margin_rate" if source.value_basis == MARGIN_BY_DEPARTMENT else "unreadable_margin"
    return {
        **delivered.time_reasons(typed.ordered_at),
        "missing_customer": typed.customer_id is None,
        "unusable_id": is_unusable_id(typed.customer_id, typed.order_id, typed.product_id),
        **_value_reasons(typed, texts, source),
        "zero_value": typed.net_value == 0,
        margin_reason: typed.margin is None and not no_value,
    }


def _value_reasons(typed: _Typed, texts: Mapping[str, str | None], source: Source) -> dict[str, bool]:
    columns = source.transactions
    no_units, no_price, no_value = typed.units is None, typed.unit_price is None, typed.net_value is None
    if columns.amount is None:
        return {
            "unreadable_units": no_units,
            "unreadable_price": no_price,
            "unreadable_amount": no_value and not no_units and not no_price,
        }
    return {
        "unreadable_units": no_units and present(_get(texts, columns.units)) is not None,
        "unreadable_price": no_price and present(_get(texts, columns.unit_price)) is not None,
        "unreadable_amount": no_value,
    }


def _margin(
    texts: Mapping[str, str | None], source: Source, value: Decimal | None, units: Decimal | None, department: str
) -> Decimal | None:
    """The value on the source's value basis."""
    columns = source.transactions
    if value is None or source.value_basis == NET_REVENUE:
        return value
    if source.value_basis == MARGIN_BY_DEPARTMENT:
        rate = source.margin_rates.get(department)
        return None if rate is None else as_money(product(value, _rate(rate)))
    if columns.margin is not None:
        return money(_get(texts, columns.margin))
    cost = money(_get(texts, columns.unit_cost))
    return None if cost is None or units is None else as_money(value - product(units, cost))


def _rate(rate: float) -> Decimal:
    return Decimal(str(rate)).quantize(_RATE_UNIT, ROUND_HALF_UP)
