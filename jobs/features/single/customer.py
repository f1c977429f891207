"""The features of one customer without Spark: the row that the batch builds from the same history.

`jobs.features.assemble` builds whole snapshots; tests hold both equal in every column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from jobs.core.month import Month
from jobs.features.rfm_cuts import RFM_MEASURES, RfmCuts
from jobs.features.single.lifetime import lifetime
from jobs.features.single.past import Row, lines_before
from jobs.features.single.year import diversity, months, windows, year
from jobs.features.table import LOGIN_RECENCY_DAYS, LOGIN_WINDOW_DAYS, feature_columns
from jobs.lake.rows import Account, Line


@dataclass(frozen=True, kw_only=True)
class CustomerHistory:
    """What is known of one customer; what happened on the day of the features or later is ignored.

    Attributes:
        customer_id: the customer.
        lines: all clean order lines of the customer, in any order.
        account: the customer's row in the newest list that is not later than the data month; None if it has none.
        logins: times of logins, in any order; those of the last `LOGIN_RECENCY_DAYS` days suffice.
    """

    customer_id: str
    lines: Sequence[Line] = ()
    account: Account | None = None
    logins: Sequence[datetime] = ()


def customer_features(
    history: CustomerHistory, *, as_of: date, departments: Sequence[str], cuts: RfmCuts, has_logins: bool
) -> Row | None:
    """A customer's row of the snapshot as of a day; None if it had neither a line nor an account before that day.

    Args:
        history: the customer's.
        as_of: the first of a month; the data month is the one before it.
        departments: those that the shop declares.
        cuts: between the quintiles of all customers.
        has_logins: whether logins were delivered for the data month.

    Returns:
        The columns of `feature_columns(departments)`, in their order and of their types.

    Raises:
        RefusedError: `as_of` is not the first of a month.
    """
    Month.before(as_of)
    past = lines_before(as_of, history.lines)
    is_listed = history.account is not None and history.account.signup_on < as_of
    if not past and not is_listed:
        return None
    row: Row = {
        **_profile(history.account if is_listed else None, as_of),
        **lifetime(past, as_of),
        **windows(past, departments),
        **months(past, as_of),
        **year(past),
        **diversity(past, departments),
        **_logins(history.logins, as_of, has_logins=has_logins),
        "customer_id": history.customer_id,
    }
    row |= cuts.scores({name: _as_double(row[name]) for name in RFM_MEASURES})
    return {name: _as_double(row[name]) if is_double else row[name] for name, is_double in _types(tuple(departments))}


@cache
def _types(departments: tuple[str, ...]) -> tuple[tuple[str, bool], ...]:
    """The columns of the snapshot, and whether each is a double."""
    return tuple((column.name, column.type == "double") for column in feature_columns(departments))


def _as_double(value: Any) -> float | None:
    return None if value is None else float(value)


def _profile(account: Account | None, as_of: date) -> Row:
    if account is None:
        return dict.fromkeys(("signup_on", "signup_days", "membership", "city", "country"))
    return account._asdict() | {"signup_days": (as_of - account.signup_on).days}


def _logins(logins: Sequence[datetime], as_of: date, *, has_logins: bool) -> Row:
    ages = [age for at in logins if 0 < (age := (as_of - at.date()).days) <= LOGIN_RECENCY_DAYS]
    counts = {f"logins_{days}d": sum(age <= days for age in ages) for days in LOGIN_WINDOW_DAYS}
    return (counts if has_logins else dict.fromkeys(counts)) | {"days_since_last_login": min(ages, default=None)}
