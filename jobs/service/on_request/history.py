"""A customer's rows, cleaned by the shop's mapping with the batch's rules: its history, and what does not count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from jobs.cleaning.row_accounts import clean_account, clean_logins
from jobs.cleaning.row_values import identifier, text_of
from jobs.cleaning.rows import Delivered, RejectedRow, clean_transactions
from jobs.core.refusal import RefusedError
from jobs.features.single.customer import CustomerHistory
from jobs.lake.rows import Account, Line
from jobs.service.on_request import answer
from jobs.service.on_request.body import CustomerRows, Row
from jobs.service.problems import Problem
from jobs.sources.mapping import Source

OTHER_CUSTOMER = "other_customer"
"""The one reason that the batch has not: a row of one customer that names another."""


class Cleaned(NamedTuple):
    """A customer's history, and what became of the rows."""

    history: CustomerHistory
    has_logins: bool
    rows: answer.Rows


@dataclass(frozen=True)
class _Place:
    """Where rows stand in the request, for problems."""

    index: int

    def refused(self, part: str, error: RefusedError) -> Problem:
        """The problem of rows that cannot be read at all."""
        field = f"body.customers.{self.index}.{part}"
        remedy = "Send every column that the shop's mapping names, null where it is empty. /docs has an example."
        return Problem(422, "invalid-request", "Rows cannot be read.", remedy=remedy, errors=[(field, str(error))])


def cleaned(customer: CustomerRows, index: int, *, as_of: date, source: Source, delivered: Delivered) -> Cleaned:
    """Clean a customer's rows. What is not before `as_of` is left to the features, which ignore it.

    Rows need not name the customer; those that name another are rejected.

    Raises:
        Problem: rows lack columns, or the shop has no such table.
    """
    place, customer_id = _Place(index), identifier(customer.customer_id, source) or customer.customer_id
    lines, rejected = _lines(customer, customer_id, source, delivered, place)
    account, profile_reasons = _account(customer, customer_id, source, place)
    logins, rejected_logins = _logins(customer, customer_id, source, delivered, place)
    used = sum(line.ordered_at.date() < as_of for line in lines)
    history = CustomerHistory(customer_id=customer_id, lines=lines, account=account, logins=logins)
    rows = answer.Rows(
        used=used,
        on_or_after_as_of=len(lines) - used,
        rejected=rejected,
        rejected_logins=rejected_logins,
        profile_rejected_for=profile_reasons,
    )
    return Cleaned(history, customer.logins is not None, rows)


def _lines(
    customer: CustomerRows, customer_id: str, source: Source, delivered: Delivered, place: _Place
) -> tuple[list[Line], list[answer.RejectedRow]]:
    column = source.transactions.customer_id
    try:
        own, others = _own(customer.transactions, column, customer.customer_id, customer_id, source)
        found = clean_transactions(own.values(), source, delivered)
    except RefusedError as error:
        raise place.refused("transactions", error) from error
    return found.lines, _numbered(own, found.rejected, others)


def _logins(
    customer: CustomerRows, customer_id: str, source: Source, delivered: Delivered, place: _Place
) -> tuple[list[datetime], list[answer.RejectedRow]]:
    if customer.logins is None:
        return [], []
    if source.sessions is None:
        raise place.refused("logins", RefusedError(f"{source.name} delivers no logins: leave them out"))
    try:
        own, others = _own(customer.logins, source.sessions.customer_id, customer.customer_id, customer_id, source)
        found, rejected = clean_logins(own.values(), source.sessions, source, delivered)
    except RefusedError as error:
        raise place.refused("logins", error) from error
    return [at for _, at in found], _numbered(own, rejected, others)


def _account(
    customer: CustomerRows, customer_id: str, source: Source, place: _Place
) -> tuple[Account | None, list[str]]:
    if customer.profile is None:
        return None, []
    if source.customers is None:
        raise place.refused("profile", RefusedError(f"{source.name} delivers no list of customers: leave it out"))
    column = source.customers.customer_id
    try:
        own, others = _own([customer.profile], column, customer.customer_id, customer_id, source)
        if others:
            return None, [OTHER_CUSTOMER]
        account = clean_account(own[0], source.customers, source)
    except RefusedError as error:
        raise place.refused("profile", error) from error
    return (None, list(account.reasons)) if isinstance(account, RejectedRow) else (account, [])


def _own(
    rows: Sequence[Row], column: str, sent_id: str, customer_id: str, source: Source
) -> tuple[dict[int, Row], list[int]]:
    """Index → row of those that name the customer, or nobody's column at all; and the indexes of the others."""
    own: dict[int, Row] = {}
    others: list[int] = []
    for index, row in enumerate(rows):
        named = {column: sent_id, **row}
        if _names_another(text_of(named[column], column), customer_id, source):
            others.append(index)
        else:
            own[index] = named
    return own, others


def _names_another(text: str | None, customer_id: str, source: Source) -> bool:
    named = identifier(text, source)
    return named is not None and named != customer_id


def _numbered(
    own: Mapping[int, Row], rejected: Sequence[RejectedRow], others: Sequence[int]
) -> list[answer.RejectedRow]:
    """The rejected rows by their index."""
    index_of = {id(row): index for index, row in own.items()}
    reasons = {index_of[id(found.row)]: list(found.reasons) for found in rejected}
    reasons |= {index: [OTHER_CUSTOMER] for index in others}
    return [answer.RejectedRow(index=index, reasons=reasons[index]) for index in sorted(reasons)]
