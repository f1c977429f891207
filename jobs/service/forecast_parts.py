"""What published forecasts and those made now have in common."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from jobs.core.settings import MODEL

Status = Literal["new", "active", "lapsing", "dormant", "never_bought"]
Method = Literal["model", "btyd", "cohort_prior"]

MOST_TIERS = 100
"""A bound of requests alone: a shop declares a handful."""
Tier = Annotated[
    int | None,
    Field(description="Value tier, 1 is the highest; null for months published before tiers were", examples=[1]),
]
TierBefore = Annotated[int | None, Field(description="Tier of the month before; null where there was none")]


class MonthForecast(BaseModel):
    """What is expected of a calendar month."""

    month: str = Field(description="YYYY-MM", examples=["2011-12"])
    expected_net_value: Decimal = Field(description="In the shop's currency", examples=["10.00"])


class Interval(BaseModel):
    """The 80 % interval of the total."""

    p10: Decimal = Field(description="One in ten customers like this one ends below", examples=["390.00"])
    p90: Decimal = Field(description="One in ten customers like this one ends above", examples=["1560.00"])


def known_interval(p10: Decimal | None, p90: Decimal | None) -> dict[str, Decimal] | None:
    """The ends of an interval; None where one of them is not known."""
    return None if p10 is None or p90 is None else {"p10": p10, "p90": p90}


class ModelVersion(BaseModel):
    """The registered version that made the forecast."""

    name: str = Field(examples=[MODEL])
    version: int = Field(examples=[3])
