"""The steps from last month's total to this month's. They add up exactly: every amount is a whole number of cents.

A forecast of twelve months covers eleven months of the next one. So the total changes by the month that is over, by the
month that is new, and by what is expected of the eleven months in between, customer by customer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from jobs.forecasting.status import ACTIVE, DORMANT, LAPSING, NEVER_BOUGHT, NEW

START, END = "start", "end"
RESTATEMENT, MODEL = "restatement", "model"
RESTATEMENT_AND_MODEL = "restatement_and_model"
ROLLING_OFF, ROLLING_ON = "months_rolling_off", "months_rolling_on"
NEW_CUSTOMERS, FIRST_ORDERS = "new_customers", "first_orders"
REACTIVATED, LAPSED, BEHAVIOUR = "reactivated", "lapsed", "behaviour"

COLUMNS = ("status", "clv_12m", "month_01", "month_12")
"""What a bridge reads of a forecast, by customer: the status, and amounts in cents."""

_GONE = "gone"
_OVERLAP = (NEW_CUSTOMERS, FIRST_ORDERS, REACTIVATED, LAPSED, BEHAVIOUR)
_DISTANCE = {NEW: 0, ACTIVE: 0, LAPSING: 1, DORMANT: 2, NEVER_BOUGHT: 0}
"""How far a customer has drifted away, by status."""


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        name: the step, as in `clv.bridge`.
        cents: a total for `start` and `end`, else a change.
        customers: customers that the step is about.
    """

    name: str
    cents: int
    customers: int


def steps(
    published: pd.DataFrame, restated: pd.DataFrame | None, rescored: pd.DataFrame, now: pd.DataFrame
) -> list[Step]:
    """The steps, in order; `start` and all changes add up to `end`.

    Each frame holds a row a customer, by customer id, with COLUMNS.

    Args:
        published: last month's forecast, as it was published.
        restated: what its model version says of last month's snapshot as it is now; None if that cannot be known.
        rescored: what this month's model version says of that snapshot.
        now: this month's forecast, as it was published.
    """
    overlap = _overlap(rescored, now)
    gone = overlap.pop(_GONE)
    if restated is None:
        corrected = [_change(RESTATEMENT_AND_MODEL, published, rescored, gone)]
    else:
        nobody = Step(_GONE, 0, 0)
        corrected = [
            _change(RESTATEMENT, published, restated, gone),
            _change(MODEL, restated, rescored, nobody),
        ]
    return [
        Step(START, int(published["clv_12m"].sum()), len(published)),
        *corrected,
        Step(ROLLING_OFF, -int(rescored["month_01"].sum()), len(rescored)),
        *overlap.values(),
        Step(ROLLING_ON, int(now["month_12"].sum()), len(now)),
        Step(END, int(now["clv_12m"].sum()), len(now)),
    ]


def _change(name: str, before: pd.DataFrame, after: pd.DataFrame, gone: Step) -> Step:
    """What a customer's value changes by, added up; with the customers who are gone, counted once each."""
    everybody = before.index.union(after.index)
    first, second = (frame["clv_12m"].reindex(everybody, fill_value=0) for frame in (before, after))
    change = second - first
    return Step(name, int(change.sum()) + gone.cents, int((change != 0).sum()) + gone.customers)


def _overlap(rescored: pd.DataFrame, now: pd.DataFrame) -> dict[str, Step]:
    """The change of the eleven months that both forecasts cover, by what became of the customers."""
    everybody = rescored.index.union(now.index)
    before, after = rescored.reindex(everybody), now.reindex(everybody)
    was_known, is_known = everybody.isin(rescored.index), everybody.isin(now.index)
    distance_before, distance = (frame["status"].map(_DISTANCE).to_numpy() for frame in (before, after))
    became = np.select(
        [
            ~was_known,
            ~is_known,
            (before["status"] == NEVER_BOUGHT) & (after["status"] != NEVER_BOUGHT),
            distance < distance_before,
            distance > distance_before,
        ],
        [NEW_CUSTOMERS, _GONE, FIRST_ORDERS, REACTIVATED, LAPSED],
        default=BEHAVIOUR,
    )
    eleven = (now["clv_12m"] - now["month_12"]).reindex(everybody, fill_value=0)
    eleven -= (rescored["clv_12m"] - rescored["month_01"]).reindex(everybody, fill_value=0)
    sums, counts = eleven.groupby(became).sum(), pd.Series(became).value_counts()
    return {name: Step(name, int(sums.get(name, 0)), int(counts.get(name, 0))) for name in (*_OVERLAP, _GONE)}
