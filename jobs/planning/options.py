"""What a run is asked for: a standard run forecasts twelve months' net revenue of all customers, others are special.

A special run is published beside the months, in `clv.special_forecast`, and moves nothing that readers of a month see:
`docs/decisions/0010-special-runs.md`.
"""

from __future__ import annotations

from dataclasses import dataclass

from jobs.core.month import HORIZON_MONTHS
from jobs.core.value_basis import NET_REVENUE
from jobs.lake.lake import Lake
from jobs.planning.segment import ALL, Segment

HORIZONS = (1, 3, 6, HORIZON_MONTHS)
"""Months from `as_of` on that a forecast may be asked for."""


@dataclass(frozen=True)
class RunParameters:
    """What a run is asked for.

    Attributes:
        horizon_months: how many months, one of `HORIZONS`.
        segment: which customers; None for all.
        value_basis: what their value is counted in, one of `value_basis.VALUE_BASES`.
    """

    horizon_months: int = HORIZON_MONTHS
    segment: Segment | None = None
    value_basis: str = NET_REVENUE

    @property
    def is_special(self) -> bool:
        """Whether anything differs from a standard run."""
        return self != RunParameters()

    @property
    def segment_text(self) -> str:
        """The segment as text, as `jobs.planning.segment.parse` reads it."""
        return ALL if self.segment is None else str(self.segment)

    def __str__(self) -> str:
        """The parameters in words."""
        months = f"{self.horizon_months} month{'s' * (self.horizon_months > 1)}"
        return f"horizon {months}, segment {self.segment_text}, value basis {self.value_basis}"


AS_OF, CHAMPION = "as_of", "champion"
MODEL_CHOICES = (AS_OF, CHAMPION)
"""What a run scores with: a model of what was known at `as_of`, or the champion of the day it is made."""

REFUSE, ACCEPT = "refuse", "accept"
RESTATE_CHOICES = (REFUSE, ACCEPT)
"""What becomes of a run that finds months restated: it is refused, or reads them again and rebuilds what follows."""


@dataclass(frozen=True)
class RunChoices:
    """How a run goes about its month; none of it makes a run special.

    Attributes:
        model: one of `MODEL_CHOICES`.
        restate: one of `RESTATE_CHOICES`.
        is_dry_run: whether it ends with its plan.
    """

    model: str = AS_OF
    restate: str = REFUSE
    is_dry_run: bool = False


def special_lake(lake: Lake, run_id: int) -> Lake:
    """Where a special run keeps what no other run may read or replace."""
    return Lake(lake.root / "special" / f"run={run_id}")
