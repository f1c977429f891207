"""The cuts between the quintiles of recency, frequency and monetary value: what a feature needs of other customers.

They are computed over a whole snapshot. With them, the scores of one customer need nobody else.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CUT_SHARES = (0.2, 0.4, 0.6, 0.8)
"""The shares of customers at or below each cut."""
RFM_MEASURES = ("recency_days", "orders_365d", "net_value_365d")
"""The columns of a snapshot that are scored."""


@dataclass(frozen=True)
class RfmCuts:
    """Four cuts a measure, ascending; none if nobody ordered in the year before the snapshot.

    Cuts instead of ranks: customers with equal values get equal scores, whatever the order of the rows.
    """

    recency_days: Sequence[float]
    orders_365d: Sequence[float]
    net_value_365d: Sequence[float]

    def __post_init__(self) -> None:
        """Make cuts that were read from JSON equal to those that were written."""
        for name in RFM_MEASURES:
            object.__setattr__(self, name, tuple(getattr(self, name)))

    @classmethod
    def of(cls, snapshot: Mapping[str, Iterable[Any]]) -> RfmCuts:
        """The cuts of a snapshot, given the columns `RFM_MEASURES` with one value a customer.

        Customers without an order in the year do not count, so their recency may be missing.
        """
        customers = zip(*(snapshot[name] for name in RFM_MEASURES), strict=True)
        buyers = [(recency, orders, value) for recency, orders, value in customers if orders is not None and orders > 0]
        return (
            cls(*(_quantiles(sorted(map(float, values))) for values in zip(*buyers, strict=True))) if buyers else NONE
        )

    def scores(self, row: Mapping[str, float | None]) -> dict[str, int]:
        """The scores of a customer, given its `RFM_MEASURES`: from 1 to 5 (best); 0 without an order in the year."""
        recency_days, orders, net_value = (row[name] for name in RFM_MEASURES)
        if recency_days is None or not orders or net_value is None:
            return {"rfm_recency": 0, "rfm_frequency": 0, "rfm_monetary": 0}
        return {
            "rfm_recency": len(CUT_SHARES) + 1 - _below(self.recency_days, recency_days),
            "rfm_frequency": 1 + _below(self.orders_365d, orders),
            "rfm_monetary": 1 + _below(self.net_value_365d, net_value),
        }


NONE = RfmCuts((), (), ())
"""The cuts of a snapshot in which nobody ordered in the year."""


def _below(cuts: Sequence[float], value: float) -> int:
    return sum(cut < value for cut in cuts)


def _quantiles(ascending: Sequence[float]) -> tuple[float, ...]:
    """The quantiles at `CUT_SHARES`, to the last bit as Spark's `percentile` interpolates them."""
    return tuple(_quantile(ascending, share) for share in CUT_SHARES)


def _quantile(ascending: Sequence[float], share: float) -> float:
    position = (len(ascending) - 1) * share
    lower, higher = math.floor(position), math.ceil(position)
    below, above = ascending[lower], ascending[higher]
    return below if below == above else (higher - position) * below + (position - lower) * above
