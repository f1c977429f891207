"""One customer's account and logins without Spark, by the rules of `jobs.cleaning.customers` and `sessions`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from jobs.cleaning.row_times import time
from jobs.cleaning.row_values import identifier, is_unusable_id, present, texts_of
from jobs.cleaning.rows import Delivered, RejectedRow
from jobs.lake.rows import Account
from jobs.sources.mapping import CustomerColumns, SessionColumns, Source, delivered_columns, required_columns

_MEMBERSHIPS = ("none", "monthly", "annual")


def clean_account(row: Mapping[str, object], columns: CustomerColumns, source: Source) -> Account | RejectedRow:
    """The account of a delivered row, or the row with every reason why it is none.

    Raises:
        RefusedError: the row lacks a column that is required, or holds a list or an object.
    """
    texts = texts_of(row, required_columns(columns))
    customer_id, signed_up = identifier(texts[columns.customer_id], source), time(texts[columns.signup_on], source)
    membership = (_attribute(texts, columns.membership) or _MEMBERSHIPS[0]).strip(" ").lower()
    reasons = {
        "missing_customer": customer_id is None,
        "unusable_id": is_unusable_id(customer_id),
        "unreadable_time": signed_up is None,
        "unknown_membership": columns.membership is not None and membership not in _MEMBERSHIPS,
    }
    if customer_id is None or signed_up is None or any(reasons.values()):
        return RejectedRow(row, tuple(reason for reason, applies in reasons.items() if applies))
    return Account(
        customer_id,
        signed_up.date(),
        membership if columns.membership else None,
        _attribute(texts, columns.city),
        _attribute(texts, columns.country),
    )


def clean_logins(
    rows: Iterable[Mapping[str, object]], columns: SessionColumns, source: Source, delivered: Delivered
) -> tuple[list[tuple[str, datetime]], list[RejectedRow]]:
    """Customer and time of each login, and the rejected rows with every reason.

    Raises:
        RefusedError: a row lacks a mapped column, or holds a list or an object.
    """
    logins: list[tuple[str, datetime]] = []
    rejected: list[RejectedRow] = []
    seen: set[tuple[object, ...]] = set()
    for row in rows:
        texts = texts_of(row, delivered_columns(columns))
        customer_id, at = identifier(texts[columns.customer_id], source), time(texts[columns.logged_in_at], source)
        month = delivered.month_of(at)
        key = (month, *sorted((name, text) for name, text in texts.items() if text is not None))
        reasons = {
            **delivered.time_reasons(at),
            "missing_customer": customer_id is None,
            "unusable_id": is_unusable_id(customer_id),
            "duplicate": source.rejects_duplicates and key in seen,
        }
        seen.add(key)
        if customer_id is None or at is None or any(reasons.values()):
            rejected.append(RejectedRow(row, tuple(reason for reason, applies in reasons.items() if applies)))
        else:
            logins.append((customer_id, at))
    return logins, rejected


def _attribute(texts: Mapping[str, str | None], column: str | None) -> str | None:
    return None if column is None else present(texts.get(column))
