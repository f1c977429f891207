"""Order lines without Spark: delivered rows → clean lines and rejected rows, by the rules of `jobs.cleaning`.

`jobs.cleaning.transactions` and `flagging` do it for whole months; tests hold both equal.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from jobs.cleaning.row_amounts import margin, net_value
from jobs.cleaning.row_predicates import Predicate, predicates
from jobs.cleaning.row_sql.expressions import Values
from jobs.cleaning.row_times import time
from jobs.cleaning.row_values import identifier, is_unusable_id, money, present, text_in, texts_of
from jobs.core.month import Month
from jobs.lake.rows import Line
from jobs.lake.tables import UNKNOWN_DEPARTMENT
from jobs.sources.mapping import Source, delivered_columns


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
        MappingError: a predicate of the mapping is not understood; see `jobs.cleaning.row_predicates`.
        RefusedError: a row lacks a column that is mapped or that a predicate reads, or holds a list or an object.
    """
    returns, rules = predicates(source)
    cleaned = CleanedRows([], [])
    seen: set[tuple[object, ...]] = set()
    required = delivered_columns(source.transactions)
    for row in rows:
        texts = texts_of(row, required)
        typed = _Typed.of(texts, source, delivered, returns)
        found = _reasons(typed, texts, source, delivered) | {why: rule(typed.seen) for why, rule in rules.items()}
        reasons = [reason for reason, applies in found.items() if applies]
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


@dataclass(frozen=True, kw_only=True)
class _Typed:
    """A row with the columns of the transactions table, None where a text cannot be read; `seen` is what rules see."""

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
    seen: Values

    @classmethod
    def of(
        cls, texts: Mapping[str, str | None], source: Source, delivered: Delivered, returns: Predicate | None
    ) -> _Typed:
        columns = source.transactions
        customer_id, order_id, product_id = (
            identifier(text_in(texts, column), source)
            for column in (columns.customer_id, columns.order_id, columns.product_id)
        )
        ordered_at = time(text_in(texts, columns.ordered_at), source)
        seen: dict[str, Any] = {
            "delivered": texts,
            "customer_id": customer_id,
            "own_order_id": order_id,
            "ordered_at": ordered_at,
            "product_id": product_id,
            "department": present(text_in(texts, columns.department)),
            "unsigned_units": money(text_in(texts, columns.units)),
            "unit_price": money(text_in(texts, columns.unit_price)),
            "amount": money(text_in(texts, columns.amount)),
        }
        value, units = net_value(seen, source, returns), seen["unsigned_units"]
        is_return = None if value is None else value < 0
        if units is not None:
            units = -abs(units) if is_return else abs(units)
        month = delivered.month_of(ordered_at)
        department = seen["department"] or delivered.department(product_id, month)
        moment = None if ordered_at is None else ordered_at.isoformat(timespec="seconds")
        order_id = order_id or "@".join(part for part in (customer_id, moment) if part is not None)
        seen |= {"order_id": order_id, "month": month, "department": department, "units": units}
        seen |= {"net_value": value, "is_return": is_return}
        return cls(
            customer_id=customer_id,
            order_id=order_id,
            ordered_at=ordered_at,
            month=month,
            product_id=product_id,
            department=department,
            units=units,
            unit_price=seen["unit_price"],
            net_value=value,
            margin=margin(texts, source, value, units, department),
            seen=seen,
        )

    def line(self) -> Line | None:
        """The clean line, on the source's value basis."""
        if self.customer_id is None or self.ordered_at is None or self.net_value is None or self.margin is None:
            return None
        ids = (self.customer_id, self.order_id, self.ordered_at, self.product_id, self.department)
        return Line(*ids, self.units, self.margin, self.net_value < 0)


def _month_text(at: datetime | None) -> str | None:
    return None if at is None else f"{at.year:04d}-{at.month:02d}"


def _reasons(
    typed: _Typed, texts: Mapping[str, str | None], source: Source, delivered: Delivered
) -> dict[str, bool | None]:
    no_value = typed.net_value is None
    margin_reason = "no_margin_rate" if source.margin_rates else "unreadable_margin"
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
        "unreadable_units": no_units and present(text_in(texts, columns.units)) is not None,
        "unreadable_price": no_price and present(text_in(texts, columns.unit_price)) is not None,
        "unreadable_amount": no_value,
    }
