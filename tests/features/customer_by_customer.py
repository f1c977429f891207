"""The snapshots of a shop computed customer by customer, without Spark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from jobs.core.month import Month
from jobs.features.rfm_cuts import NONE, RFM_MEASURES, RfmCuts
from jobs.features.single.customer import CustomerHistory, customer_features
from jobs.features.table import feature_columns
from jobs.lake.rows import Account, Line
from jobs.lake.tables import CUSTOMERS, TRANSACTIONS
from tests.features.random_shop import Shop


def snapshots(shop: Shop, as_ofs: Sequence[date], departments: Sequence[str]) -> pd.DataFrame:
    """The rows of some snapshots, with `as_of` as text, ordered by it and by customer."""
    known = [row | {"as_of": str(as_of)} for as_of in as_ofs for row in rows(shop, as_of, departments)]
    return pd.DataFrame(
        known, columns=[*(column.name for column in feature_columns(departments)), "as_of"], dtype=object
    )


def rows(shop: Shop, as_of: date, departments: Sequence[str]) -> list[dict[str, Any]]:
    """The rows of a snapshot, by customer."""
    has_logins = str(Month.before(as_of)) in set(shop.sessions["month"])
    people = histories(shop, as_of)

    def with_cuts(cuts: RfmCuts) -> list[dict[str, Any]]:
        return [
            row
            for history in people
            if (
                row := customer_features(
                    history, as_of=as_of, departments=departments, cuts=cuts, has_logins=has_logins
                )
            )
        ]

    return with_cuts(cuts_of(with_cuts(NONE)))


def cuts_of(rows: Sequence[Mapping[str, Any]]) -> RfmCuts:
    """The cuts between the quintiles of a snapshot's rows."""
    return RfmCuts.of({name: [row[name] for row in rows] for name in RFM_MEASURES})


def histories(shop: Shop, as_of: date) -> list[CustomerHistory]:
    """Everybody of whom the shop knows anything, by id, with the list that is in force as of a day."""
    lists = [month for month in shop.customers["month"] if Month.parse(month).as_of <= as_of]
    listed = shop.customers[shop.customers["month"] == max(lists, default="none")]
    accounts = {account.customer_id: account for account in map(Account._make, _values(listed, CUSTOMERS.names))}
    lines: dict[str, list[Line]] = {}
    for line in map(Line._make, _values(shop.lines, TRANSACTIONS.names)):
        lines.setdefault(line.customer_id, []).append(line)
    logins = {name: list(rows["logged_in_at"]) for name, rows in shop.sessions.groupby("customer_id")}
    return [
        CustomerHistory(
            customer_id=name, lines=lines.get(name, []), account=accounts.get(name), logins=logins.get(name, [])
        )
        for name in sorted({*lines, *accounts, *logins})
    ]


def _values(frame: pd.DataFrame, names: Sequence[str]) -> list[tuple[Any, ...]]:
    """The rows of a frame as plain values, with None where one is missing."""
    rows = frame[list(names)].itertuples(index=False, name=None)
    return [tuple(None if pd.isna(value) else value for value in row) for row in rows]
