"""The published forecast of a customer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from jobs.core.month import HORIZON_MONTHS, Month
from jobs.core.settings import MODEL
from jobs.service.access import Caller
from jobs.service.context import InContext
from jobs.service.database import row, snapshot
from jobs.service.forecast_parts import (
    Interval,
    Method,
    ModelVersion,
    MonthForecast,
    Status,
    Tier,
    TierBefore,
    known_interval,
)
from jobs.service.freshness import Freshness, freshness
from jobs.service.keyed_route import KeyedRoute, as_json
from jobs.service.keys import READ
from jobs.service.problems import Problem
from jobs.service.publications import AsOf, Publication, PublishedMonth, published_month

_AS_PUBLISHED = ("customer_id", "p_active_12m", "status", "method", "tier", "tier_before")
_REASONS = ("reason_1", "reason_2", "reason_3")
LONGEST_ID = 1000
"""In characters. Ids that are delivered may be long, but not without limit."""

CustomerId = Annotated[
    str,
    Path(
        description="The customer's id as delivered, percent-encoded",
        min_length=1,
        max_length=LONGEST_ID,
        pattern=r"^[^\x00]+$",
        examples=["12347"],
    ),
]
Horizon = Annotated[int, Query(ge=1, le=HORIZON_MONTHS, description="How many months from as_of on", examples=[3])]


class Forecast(BaseModel):
    """A customer's published forecast. Amounts are decimals in text, so that no digit is lost."""

    model_config = ConfigDict(title="Forecast")

    customer_id: str = Field(examples=["12347"])
    as_of: date = Field(description="The forecast starts on it", examples=["2011-12-01"])
    data_month: str = Field(description="The month before as_of, whose data is the newest used", examples=["2011-11"])
    horizon_months: int = Field(examples=[3])
    months: list[MonthForecast] = Field(description="One entry a month of the horizon")
    total: Decimal = Field(description="The sum of the months", examples=["60.00"])
    interval: Interval | None = Field(description="Of the total; null where none is published for the horizon")
    p_active_12m: float = Field(description="Probability of an order within twelve months", examples=[0.62])
    status: Status = Field(description="How the customer stands at as_of")
    method: Method = Field(description="How the forecast was made")
    tier: Tier
    tier_before: TierBefore
    reasons: list[str] = Field(description="What makes it higher or lower than the typical buyer's, most telling first")
    model: ModelVersion
    publication: Publication
    freshness: Freshness


class ReadRoute(KeyedRoute):
    """For keys that may read."""

    scope = READ


router = APIRouter(tags=["forecasts"], route_class=ReadRoute)


@router.get(
    "/v1/customers/{customer_id:path}/forecast", response_model=Forecast, summary="A customer's published forecast"
)
def customer_forecast(
    customer_id: CustomerId, context: InContext, _: Caller, as_of: AsOf = None, horizon: Horizon = HORIZON_MONTHS
) -> Response:
    """The months of the horizon, their sum and its interval, of one publication alone, and where they come from."""
    with snapshot(context.database) as connection:
        month = published_month(connection, as_of)
        found = row(connection, "customer_forecast", as_of=month.as_of, customer_id=customer_id)
    if found is None:
        raise Problem(
            404,
            "unknown-customer",
            f"The customer has no forecast as of {month.as_of}.",
            remedy="Check the id. A customer has a forecast from the first month on that delivers the customer.",
            errors=[("path.customer_id", "the id of a customer of that month")],
        )
    return as_json(_answer(found, month, horizon, context.today()))


def _answer(found: Mapping[str, object], month: PublishedMonth, horizon: int, today: date) -> Forecast:
    values = [Decimal(str(found[f"month_{number:02d}"])) for number in range(1, horizon + 1)]
    first = Month.of(month.as_of)
    return Forecast.model_validate(
        {
            **{name: found[name] for name in _AS_PUBLISHED},
            "as_of": month.as_of,
            "data_month": month.data_month,
            "horizon_months": horizon,
            "months": [
                {"month": str(first.plus(number)), "expected_net_value": value} for number, value in enumerate(values)
            ],
            "total": sum(values, Decimal(0)),
            "interval": interval_of(found, horizon),
            "reasons": [found[name] for name in _REASONS if found[name] is not None],
            "model": {"name": MODEL, "version": found["model_version"]},
            "publication": month.publication,
            "freshness": freshness(month.as_of, today),
        }
    )


def interval_of(found: Mapping[str, Any], horizon: int) -> dict[str, Decimal] | None:
    """The pair of columns for the horizon, if the view has them and they hold values."""
    return known_interval(*(found.get(f"clv_{horizon}m_{end}") for end in ("p10", "p90")))
