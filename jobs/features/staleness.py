"""The fingerprints of the inputs of each daily month and each snapshot: with other inputs, a folder is stale.

A snapshot's inputs include a digest of the previous snapshot's *inputs*, so that the chain reaches back to the first
month: a restated month makes every later snapshot stale, which is detected without reading or rebuilding history.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from jobs.core.code_version import code_fingerprint
from jobs.core.month import HORIZON_MONTHS, Month
from jobs.features.population import list_read
from jobs.features.profile import list_of
from jobs.features.table import LOGIN_RECENCY_DAYS
from jobs.lake.lake import Lake
from jobs.lake.tables import CUSTOMERS, DAILY, SESSIONS, TRANSACTIONS
from jobs.lake.versions import IncompleteError

_BUILD = "jobs.features.build"
"""The module whose code determines the daily rows and the snapshots."""


@dataclass(frozen=True, kw_only=True)
class SnapshotInputs:
    """The inputs of one snapshot.

    Attributes:
        as_of: the snapshot.
        daily: the months of its windows.
        customers: the month of the customer list it uses; None before the first list.
        sessions: the delivered months of its login windows.
        has_sessions: whether sessions were delivered for its data month.
        fingerprints: name of an input → its fingerprint.
    """

    as_of: date
    daily: Sequence[Month]
    customers: Month | None
    sessions: Sequence[Month]
    has_sessions: bool
    fingerprints: Mapping[str, str]


def months_until(lake: Lake, as_of: date) -> list[Month]:
    """The data months from the shop's first to the one before `as_of`; raises IncompleteError if one is missing."""
    last = Month.before(as_of)
    complete = {Month.parse(text) for text in lake.periods(TRANSACTIONS)}
    months = min(complete, default=last).through(last)
    missing = [str(month) for month in months if month not in complete]
    if missing or not months:
        gaps = ", ".join(missing) or str(last)
        raise IncompleteError(f"{TRANSACTIONS.name} lacks {gaps} in {lake.root}: ingest these months first")
    return months


def daily_inputs(lake: Lake, month: Month, customers_where: str | None = None) -> dict[str, str]:
    """The fingerprints of the inputs of a daily month."""
    inputs = {"transactions": lake.record(TRANSACTIONS, month).fingerprint, "code": code_fingerprint(_BUILD)}
    if customers_where is not None:
        inputs["customers_where"] = customers_where
        listed = list_read(month, [Month.parse(text) for text in lake.periods(CUSTOMERS)])
        if listed is not None:
            inputs["customers"] = lake.record(CUSTOMERS, listed).fingerprint
    return inputs


def snapshot_inputs(
    lake: Lake, departments: Sequence[str], *, until: date, customers_where: str | None = None
) -> list[SnapshotInputs]:
    """The inputs of every snapshot up to `until`, oldest first.

    Raises:
        IncompleteError: a daily month is missing.
    """
    months = months_until(lake, until)
    fingerprints = {f"daily/{month}": lake.record(DAILY, month).fingerprint for month in months}
    lists = [Month.parse(text) for text in lake.periods(CUSTOMERS)]
    logins = {Month.parse(text) for text in lake.periods(SESSIONS)}
    code = {"code": code_fingerprint(_BUILD), "departments": json.dumps(list(departments))}
    if customers_where is not None:
        code["customers_where"] = customers_where
    snapshots: list[SnapshotInputs] = []
    for month in months:
        daily = [past for past in months if month.plus(1 - HORIZON_MONTHS) <= past <= month]
        sessions = [past for past in _login_months(month) if past in logins]
        customers = list_of(month.as_of, lists)
        inputs = code | {f"daily/{past}": fingerprints[f"daily/{past}"] for past in daily}
        inputs |= {f"sessions/{past}": lake.record(SESSIONS, past).fingerprint for past in sessions}
        if customers is not None:
            inputs["customers"] = lake.record(CUSTOMERS, customers).fingerprint
        if snapshots:
            inputs["previous"] = _digest(snapshots[-1].fingerprints)
        snapshots.append(
            SnapshotInputs(
                as_of=month.as_of,
                daily=daily,
                customers=customers,
                sessions=sessions,
                has_sessions=month in logins,
                fingerprints=inputs,
            )
        )
    return snapshots


def _login_months(month: Month) -> list[Month]:
    """The months of the login window that ends with `month`."""
    return Month.of(month.as_of - timedelta(days=LOGIN_RECENCY_DAYS)).through(month)


def _digest(inputs: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(dict(inputs), sort_keys=True).encode()).hexdigest()[:16]
