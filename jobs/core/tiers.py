"""Value tiers: which customers are worth most, in steps that the shop chooses, and who changes tier.

Forecasts move a little every month, so that customers near a boundary would change tier again and again. A customer
keeps the tier of the month before until the forecast is past the boundary by a fifth (hysteresis, as in a Schmitt
trigger).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.core.refusal import RefusedError

DEFAULT_SHARES = (0.01, 0.05, 0.10, 0.25, 0.50)
_PAST_BOUNDARY = 0.2
"""How far past a boundary changes the tier, as a share of the boundary."""


class TierError(RefusedError):
    """The tiers of a mapping contradict themselves."""


@dataclass(frozen=True, kw_only=True)
class Tiers:
    """The boundaries of the tiers, from the highest tier on: shares of the customers, or amounts of `clv_12m`.

    Attributes:
        shares: the part of all customers down to the end of each tier: 0.01 and 0.05 make a first tier of the top 1 %
            and a second of the next 4 %.
        amounts: in place of shares, the least `clv_12m` of each tier, in the shop's currency.
    """

    shares: Sequence[float] = ()
    amounts: Sequence[float] = ()

    def __post_init__(self) -> None:
        """Refuse shares beside amounts, and boundaries out of order."""
        if self.shares and self.amounts:
            raise TierError("tiers are declared by shares and by amounts: give one of them")
        if list(self.boundaries) != sorted(set(self.boundaries)) or not all(0.0 < share < 1.0 for share in self.shares):
            raise TierError(
                f"the boundaries of the tiers are {list(self.shares or self.amounts)}: give rising shares between 0 "
                "and 1, such as 0.01, 0.05, or falling positive amounts, such as 1000, 200"
            )
        if any(amount <= 0.0 for amount in self.amounts):
            raise TierError(f"the amounts of the tiers are {list(self.amounts)}: give positive ones")

    @property
    def boundaries(self) -> Sequence[float]:
        """The ends of all tiers but the last, rising from the highest tier on."""
        return [-amount for amount in self.amounts] or self.shares or DEFAULT_SHARES

    def of(self, values: NDArray[np.float64], before: NDArray[np.int64]) -> NDArray[np.int64]:
        """The tier of each customer: 1 is the highest, the last one has no lower boundary.

        Args:
            values: the customers' `clv_12m`. Equal values have equal places: that of the last of them.
            before: the customers' tiers of the month before; 0 where there was none.
        """
        boundaries = np.asarray(self.boundaries)
        place = -values if self.amounts else _share_down_to(values)
        past = _PAST_BOUNDARY * np.abs(boundaries)
        plain = np.searchsorted(boundaries, place) + 1
        highest = np.searchsorted(boundaries + past, place) + 1
        lowest = np.searchsorted(boundaries - past, place) + 1
        return np.asarray(np.where((highest <= before) & (before <= lowest), before, plain), dtype=np.int64)


def _share_down_to(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of the customers whose value is at least as high."""
    rising = np.sort(values)
    return np.asarray((len(values) - np.searchsorted(rising, values)) / len(values))
