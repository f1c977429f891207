"""The attributes of customers in the customer list at the time of a snapshot."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.core.month import Month
from jobs.features.days import Flags, Ints, day_number

PROFILE = ("signup_on", "membership", "city", "country")


def list_of(as_of: date, lists: Collection[Month]) -> Month | None:
    """The month of the newest customer list from before a snapshot; None before the first list."""
    return max((month for month in lists if month.as_of <= as_of), default=None)


class Accounts:
    """The customer lists of some months, for some customers, which are numbered from 0."""

    def __init__(self, customers: int, customer: Ints, accounts: pa.Table) -> None:
        """Keep the rows.

        Args:
            customers: the number of customers, also of those without an account.
            customer: of each row, the number of its customer.
            accounts: the columns of `PROFILE`, and `month`, the month of the list.
        """
        self._customers, self._customer, self._accounts = customers, customer, accounts
        signup = accounts["signup_on"].cast(pa.int32()).fill_null(np.iinfo(np.int32).max)
        self._signup_day = signup.to_numpy().astype(np.int64)

    def row_at(self, as_of: date, listed: Month | None) -> Ints:
        """The position of each customer's account in a month's list; -1 if it has none from before `as_of`."""
        row = np.full(self._customers, -1, dtype=np.int64)
        if listed is not None:
            in_list: Flags = pc.equal(self._accounts["month"], str(listed)).to_numpy()
            position = np.flatnonzero(in_list & (self._signup_day < day_number(as_of)))
            row[self._customer[position]] = position
        return row

    def columns(self, row: Ints) -> dict[str, pa.Array]:
        """The columns of `PROFILE` of accounts at these positions; null where the position is -1."""
        positions = pa.array(row, mask=row < 0)
        return {name: self._accounts[name].take(positions).combine_chunks() for name in PROFILE}
