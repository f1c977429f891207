"""How right published forecasts turned out to be, once their months are over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator, BaseModel, Field

from jobs.core.month import HORIZON_MONTHS, HORIZONS
from jobs.service.access import Caller
from jobs.service.context import InContext
from jobs.service.database import rows, snapshot
from jobs.service.forecast_parts import Interval, known_interval
from jobs.service.forecasts import ReadRoute
from jobs.service.keyed_route import as_json
from jobs.service.publications import AsOf, published_month

_MOST_MONTHS = 120


def _measured(horizon: int) -> int:
    if horizon not in HORIZONS:
        raise ValueError(f"one of {', '.join(map(str, HORIZONS))} was expected")
    return horizon


MeasuredHorizon = Annotated[
    int,
    AfterValidator(_measured),
    Query(description="Over how many months from as_of on", json_schema_extra={"enum": list(HORIZONS)}),
]


class Accuracy(BaseModel):
    """A forecast against what came. Shares are null where nothing was sold."""

    as_of: date = Field(description="The forecast starts on it", examples=["2011-11-01"])
    data_month: str = Field(description="The month before as_of", examples=["2011-10"])
    segment: str = Field(
        description="all, or a status, a tier and so on; deciles of the forecast: 01 holds the highest",
        examples=["all"],
    )
    customers: int = Field(description="Customers that the forecast was made for", examples=[3])
    forecast_total: Decimal = Field(description="What was forecast", examples=["15.00"])
    actual_total: Decimal = Field(description="What came", examples=["12.50"])
    total_ratio: float | None = Field(description="forecast_total divided by actual_total")
    interval: Interval | None = Field(description="Of forecast_total, as published; null where none was")
    total_is_covered: bool | None = Field(description="Whether actual_total lies within it")
    wape: float | None = Field(description="The customers' absolute errors as a share of actual_total")
    mae: float = Field(description="Mean absolute error of a customer")
    rmse: float = Field(description="Root of the mean squared error of a customer")
    norm_gini: float | None = Field(description="1 ranks customers perfectly, 0 at random")
    decile_mape: float | None = Field(description="Mean absolute error of the ten deciles' means; the bar is 0.1")
    coverage: float | None = Field(description="Share of the customers within their 80 % interval")
    trailing_year_total: Decimal | None = Field(description="What the customers' last twelve months would have said")
    trailing_year_wape: float | None = Field(description="The error of that")
    currency: str | None = Field(description="ISO 4217 code of all amounts", examples=["EUR"])
    model_version: int = Field(examples=[2])
    run_id: int = Field(description="The run that made the forecast", examples=[1])


class Record(BaseModel):
    """The accuracy of the newest forecasts whose months are over."""

    horizon_months: int = Field(examples=[1])
    segment_by: str = Field(examples=["all"])
    forecasts: list[Accuracy] = Field(description="The newest first; empty while none has matured")


router = APIRouter(tags=["accuracy"], route_class=ReadRoute)


@router.get("/v1/accuracy", response_model=Record, summary="How right earlier forecasts were")
def accuracy(
    context: InContext,
    _: Caller,
    horizon: MeasuredHorizon = HORIZON_MONTHS,
    segment_by: Annotated[
        Literal["all", "status", "tier", "decile"], Query(description="What the customers are grouped by")
    ] = "all",
    as_of: AsOf = None,
    limit: Annotated[int, Query(ge=1, le=_MOST_MONTHS, description="Of how many of the newest forecasts")] = 12,
) -> Response:
    """Of each published month what the run measured that readers see; a month that was restated is measured again."""
    with snapshot(context.database) as connection:
        if as_of is not None:
            published_month(connection, as_of)
        found = rows(
            connection,
            "accuracy_of_forecasts",
            months=horizon,
            segment_by=segment_by,
            as_of=as_of,
            page_size=limit,
        )
    return as_json(Record(horizon_months=horizon, segment_by=segment_by, forecasts=[_accuracy(row) for row in found]))


def _accuracy(row: Mapping[str, Any]) -> Accuracy:
    return Accuracy.model_validate({**row, "interval": known_interval(row["p10"], row["p90"])})
