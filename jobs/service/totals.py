"""Totals with their intervals, of the customers that a filter or a list of ids keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import Connection

from jobs.service.access import Caller
from jobs.service.context import InContext
from jobs.service.database import rows, snapshot
from jobs.service.forecast_parts import MOST_TIERS, Interval, Status, known_interval
from jobs.service.forecasts import LONGEST_ID, ReadRoute
from jobs.service.freshness import Freshness, freshness
from jobs.service.keyed_route import as_json
from jobs.service.problems import documented
from jobs.service.publications import AsOf, Publication, PublishedMonth, first_of_a_month, published_month

MOST_IDS = 10_000
MOST_BYTES = 512 * 1024
_NO_FILTER = dict.fromkeys(("customer_ids", "status", "tier", "country", "membership", "main_department"))

Text = Annotated[str | None, Query(min_length=1, max_length=LONGEST_ID, pattern=r"^[^\x00]+$")]
CustomerIdInBody = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_ID, pattern=r"^[^\x00]+$")]


class HorizonTotal(BaseModel):
    """What the customers are expected to bring over a horizon."""

    horizon_months: int = Field(description="How many months from as_of on: 1, 3, 6 or 12", examples=[12])
    net_value: Decimal = Field(description="All customers added up", examples=["2340.00"])
    interval: Interval | None = Field(
        description="Of the total: ends of customers' intervals must not be added up. null where none is known"
    )


class Totals(BaseModel):
    """Totals of some customers of a month."""

    as_of: date = Field(description="The forecast starts on it", examples=["2011-12-01"])
    data_month: str = Field(description="The month before as_of", examples=["2011-11"])
    currency: str | None = Field(description="ISO 4217 code of all amounts; null where it is not known")
    customers: int = Field(description="How many customers were added up", examples=[3])
    totals: list[HorizonTotal]
    publication: Publication
    freshness: Freshness


class ListedTotals(Totals):
    """Totals of listed customers."""

    unknown_customer_ids: list[str] = Field(description="Those of the list that have no forecast in the month")


class TotalsRequest(BaseModel):
    """Whose values to add up."""

    model_config = ConfigDict(extra="forbid")

    customer_ids: list[CustomerIdInBody] = Field(
        min_length=1,
        max_length=MOST_IDS,
        description="Ids as delivered; one that comes twice counts once",
        examples=[["12346", "12347"]],
    )
    as_of: Annotated[date | None, AfterValidator(first_of_a_month)] = Field(
        None, description="First day after the data month. Default: that of the newest published month"
    )


class _LongList(ReadRoute):
    body_bytes = MOST_BYTES


router = APIRouter(tags=["totals"], route_class=_LongList)


@router.get("/v1/totals", response_model=Totals, summary="Totals with intervals of the customers of a filter")
def totals(
    context: InContext,
    _: Caller,
    as_of: AsOf = None,
    status: Annotated[Status | None, Query(description="Only customers who stand so")] = None,
    tier: Annotated[int | None, Query(ge=1, le=MOST_TIERS, description="Only customers of this value tier")] = None,
    country: Text = None,
    membership: Text = None,
    main_department: Text = None,
) -> Response:
    """Filters hold together; without one, all customers are added up. `unknown` names customers who have none."""
    kept = {"status": status, "tier": tier, "country": country}
    kept |= {"membership": membership, "main_department": main_department}
    with snapshot(context.database) as connection:
        month = published_month(connection, as_of)
        found = _added_up(connection, month, kept)
    return as_json(Totals.model_validate(_answer(found, month, context.today())))


@router.post(
    "/v1/totals/customers",
    response_model=ListedTotals,
    summary="Totals with intervals of listed customers",
    responses=documented(400, 408, 413),
)
def totals_of_list(request: TotalsRequest, context: InContext, _: Caller) -> Response:
    """Nothing is stored. Customers without a forecast are named and not added up."""
    ids = sorted(set(request.customer_ids))
    with snapshot(context.database) as connection:
        month = published_month(connection, request.as_of)
        found = _added_up(connection, month, {"customer_ids": ids})
        unknown = rows(connection, "unknown_customers", as_of=month.as_of, customer_ids=ids)
    answer = _answer(found, month, context.today())
    return as_json(
        ListedTotals.model_validate(answer | {"unknown_customer_ids": [row["customer_id"] for row in unknown]})
    )


def _added_up(connection: Connection, month: PublishedMonth, kept: Mapping[str, object]) -> list[dict[str, Any]]:
    return rows(connection, "totals_of_customers", as_of=month.as_of, **{**_NO_FILTER, **kept})


def _answer(found: Sequence[Mapping[str, Any]], month: PublishedMonth, today: date) -> dict[str, Any]:
    """The answer of a query that gives a row a horizon, whoever is kept."""
    return {
        "as_of": month.as_of,
        "data_month": month.data_month,
        "currency": found[0]["currency"],
        "customers": found[0]["customers"],
        "totals": [row | {"interval": known_interval(row["p10"], row["p90"])} for row in map(dict, found)],
        "publication": month.publication,
        "freshness": freshness(month.as_of, today),
    }
