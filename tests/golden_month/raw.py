"""The golden shop as it delivers, read without Spark: for one customer's path, and as requests to the service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from jobs.cleaning.row_accounts import clean_account, clean_logins
from jobs.cleaning.rows import Delivered, RejectedRow, clean_transactions
from jobs.core.month import Month
from jobs.features.rfm_cuts import NONE, RfmCuts
from jobs.features.single.customer import CustomerHistory, customer_features
from jobs.features.table import features
from jobs.lake.rows import Account
from jobs.simulation.shop import simulate
from jobs.sources import load
from tests.features.customer_by_customer import cuts_of
from tests.golden_month.golden import SHOP

SOURCE = load("simulated_shop")
TABLE = features(SOURCE.departments)
assert SOURCE.customers is not None
assert SOURCE.sessions is not None

Texts = dict[str, str | None]


@dataclass(frozen=True)
class RawShop:
    """Delivered rows by month, every value as text.

    Attributes:
        transactions: order lines.
        sessions: logins.
        customers: lists of accounts.
        products: article → department, from the first month on.
    """

    transactions: Mapping[Month, list[Texts]]
    sessions: Mapping[Month, list[Texts]]
    customers: Mapping[Month, list[Texts]]
    products: Mapping[str, str]

    @classmethod
    def simulated(cls, folder: Path) -> RawShop:
        simulate(SHOP, folder)
        transactions, sessions, customers = (
            dict(_by_month(folder / name)) for name in ("transactions", "sessions", "customers")
        )
        listed = rows_of(folder / "products.csv")
        products = {str(row["product_id"]): str(row["department"]) for row in listed}
        return cls(transactions, sessions, customers, products)

    @property
    def lists(self) -> Mapping[Month, Mapping[str, str]]:
        """The lists of products, as the batch files a list without a month."""
        return {min(self.transactions): self.products}

    def histories(self, as_of: date) -> list[CustomerHistory]:
        """Everybody who is known, by id, with the accounts as listed in the data month."""
        people: dict[str, dict[str, Any]] = {}
        for month, rows in self.transactions.items():
            folder = Delivered(first=month, last=month, month=month, products=self.lists)
            for line in clean_transactions(rows, SOURCE, folder).lines:
                people.setdefault(line.customer_id, {}).setdefault("lines", []).append(line)
            logins, _ = clean_logins(self.sessions[month], SOURCE.sessions, SOURCE, folder)
            for customer, at in logins:
                people.setdefault(customer, {}).setdefault("logins", []).append(at)
        for account in self._accounts(as_of):
            people.setdefault(account.customer_id, {}).setdefault("account", account)
        return [CustomerHistory(customer_id=name, **known) for name, known in sorted(people.items())]

    def snapshot(self, as_of: date, cuts: RfmCuts | None = None) -> list[dict[str, Any]]:
        """The features of everybody, by id."""
        if cuts is None:
            cuts = cuts_of(self.snapshot(as_of, NONE))
        made = (
            customer_features(who, as_of=as_of, departments=SOURCE.departments, cuts=cuts, has_logins=True)
            for who in self.histories(as_of)
        )
        return [row for row in made if row is not None]

    def sent(self, customer_id: str, as_of: date) -> dict[str, Any]:
        """A customer as a caller sends it."""
        profiles = [row for row in self.customers[Month.before(as_of)] if row["customer_id"] == customer_id]
        return {
            "customer_id": customer_id,
            "transactions": self._of(self.transactions, customer_id),
            "logins": self._of(self.sessions, customer_id),
            "profile": profiles[0] if profiles else None,
        }

    def _accounts(self, as_of: date) -> Iterator[Account]:
        for row in self.customers[Month.before(as_of)]:
            account = clean_account(row, SOURCE.customers, SOURCE)
            if not isinstance(account, RejectedRow):
                yield account

    def _of(self, table: Mapping[Month, list[Texts]], customer_id: str) -> list[Texts]:
        return [row for rows in table.values() for row in rows if row["customer_id"] == customer_id]


def rows_of(file: Path) -> list[Texts]:
    """The rows of a file as text; a line whose fields do not match the header is left out."""
    frame = pd.read_csv(file, dtype=str, keep_default_na=False, na_values=[""], on_bad_lines="skip")
    records = frame.to_dict("records")
    return [{str(name): text if isinstance(text, str) else None for name, text in row.items()} for row in records]


def _by_month(folder: Path) -> Iterator[tuple[Month, list[Texts]]]:
    for part in sorted(folder.glob("month=*")):
        yield (
            Month.parse(part.name.removeprefix("month=")),
            [row for file in sorted(part.glob("*.csv*")) for row in rows_of(file)],
        )
