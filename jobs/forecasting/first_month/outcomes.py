"""What customers did in the twelve months after the first one, as far as those months are over.

A cell of customer and month has a value once its last day lies before `as_of`, and is NaN until then: a customer of
half a year ago already tells six months, and no label that had not matured can be reached.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from jobs.core.month import HORIZON_MONTHS
from jobs.forecasting.encoder import Floats
from jobs.forecasting.first_month.days import FIRST_DAYS, MONTH_ENDS, month_after, months_matured
from jobs.lake.tables import ALL_DEPARTMENTS


@dataclass(frozen=True)
class FirstMonthOutcomes:
    """Outcomes, one row a customer, one column a month; NaN where the month is not over.

    Attributes:
        value: net value.
        orders: orders.
        started: month of the calendar in which each of the months starts, counted in months since year 0.
    """

    value: Floats
    orders: Floats
    started: NDArray[np.int64]

    @classmethod
    def read(cls, daily: pd.DataFrame, first_ordered_on: pd.Series, as_of: date) -> FirstMonthOutcomes:
        """The outcomes of the customers of `first_ordered_on`, in its order, of what happened before `as_of`."""
        whole = daily[(daily["department"] == ALL_DEPARTMENTS) & (daily["ordered_on"] < pd.Timestamp(as_of))]
        whole = whole.sort_values(["customer_id", "ordered_on"], kind="stable")
        row = whole["customer_id"].map(pd.Series(np.arange(len(first_ordered_on)), index=first_ordered_on.index))
        days = (whole["ordered_on"] - whole["customer_id"].map(first_ordered_on)).dt.days - FIRST_DAYS
        chosen = ((days >= 0) & (days < MONTH_ENDS[-1])).to_numpy()
        cell = row[chosen].to_numpy(dtype=np.int64) * HORIZON_MONTHS + month_after(
            days[chosen].to_numpy(dtype=np.int64)
        )
        shape = (len(first_ordered_on), HORIZON_MONTHS)
        value, orders = (
            np.bincount(cell, whole.loc[chosen, name].to_numpy(np.float64), minlength=shape[0] * shape[1])
            for name in ("net_value", "orders")
        )
        open_ = np.arange(HORIZON_MONTHS) >= months_matured(first_ordered_on, as_of)[:, None]
        return cls(
            value=np.where(open_, np.nan, value.reshape(shape)),
            orders=np.where(open_, np.nan, orders.reshape(shape)),
            started=_started(first_ordered_on),
        )

    @property
    def matured(self) -> NDArray[np.bool_]:
        """Which cells have a value."""
        return ~np.isnan(self.value)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> FirstMonthOutcomes:
        """The customers in some rows."""
        return FirstMonthOutcomes(self.value[rows], self.orders[rows], self.started[rows])


def _started(first_ordered_on: pd.Series) -> NDArray[np.int64]:
    starts = np.array([FIRST_DAYS, *(FIRST_DAYS + end for end in MONTH_ENDS[:-1])], dtype="timedelta64[D]")
    days = first_ordered_on.to_numpy(dtype="datetime64[D]")[:, None] + starts[None, :]
    return np.asarray(days.astype("datetime64[M]").astype(np.int64) + 1970 * 12)
