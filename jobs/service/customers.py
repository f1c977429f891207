"""The customers of the newest published month, page by page, in the order of their ids."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import date
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from jobs.core.month import HORIZON_MONTHS
from jobs.service.access import Caller
from jobs.service.context import InContext
from jobs.service.database import rows, snapshot
from jobs.service.forecast_parts import MOST_TIERS, Interval, Method, Status, Tier, TierBefore
from jobs.service.forecasts import ReadRoute
from jobs.service.freshness import Freshness, freshness
from jobs.service.keyed_route import as_json
from jobs.service.problems import Problem, documented
from jobs.service.publications import Publication, published_month

_LARGEST_PAGE = 1000
_MOST = Decimal("1e16")
"""More than the column holds."""
_DECIMALS = 10
"""More than the column has."""
_PUBLICATION_ID = re.compile(r"[0-9]{1,18}")


class CustomerSummary(BaseModel):
    """A customer's forecast of twelve months, in short."""

    customer_id: str = Field(examples=["12347"])
    clv_12m: Decimal = Field(description="Expected value of the twelve months from as_of on", examples=["780.00"])
    interval: Interval
    p_active_12m: float = Field(description="Probability of an order within twelve months", examples=[0.62])
    status: Status
    method: Method
    model_version: int = Field(examples=[3])
    tier: Tier
    tier_before: TierBefore


class CustomerPage(BaseModel):
    """Some customers of a month. All pages that follow each other are of one publication."""

    as_of: date = Field(description="The forecast starts on it", examples=["2011-12-01"])
    data_month: str = Field(description="The month before as_of", examples=["2011-11"])
    horizon_months: int = Field(examples=[12])
    customers: list[CustomerSummary]
    after: str | None = Field(
        description="Pass it as `after` for the next page; null: this is the last", examples=[None]
    )
    publication: Publication
    freshness: Freshness


router = APIRouter(tags=["forecasts"], route_class=ReadRoute)


@router.get(
    "/v1/customers",
    response_model=CustomerPage,
    summary="The customers of the newest published month",
    responses=documented(409),
)
def customers(
    context: InContext,
    _: Caller,
    status: Annotated[Status | None, Query(description="Only customers who stand so")] = None,
    tier: Annotated[int | None, Query(ge=1, le=MOST_TIERS, description="Only customers of this value tier")] = None,
    min_clv: Annotated[
        Decimal | None,
        Query(description="Only customers with a clv_12m from this on", gt=-_MOST, lt=_MOST, decimal_places=_DECIMALS),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=_LARGEST_PAGE, description="The most customers of a page")] = 100,
    after: Annotated[str | None, Query(max_length=8000, description="`after` of the page before")] = None,
) -> Response:
    """A page. If the month was published anew since the page before, the pages would not fit together: 409."""
    place = _Place.read(after) if after is not None else None
    with snapshot(context.database) as connection:
        month = published_month(connection, None)
        if place is not None and place.publication_id != month.publication.publication_id:
            raise Problem(
                409,
                "published-anew",
                "Another forecast was published since the page before.",
                remedy="Begin again without `after`.",
                errors=[("query.after", "a page of the current publication")],
            )
        filters = {"status": status, "tier": tier, "min_clv": min_clv, "after": place and place.customer_id}
        found = rows(connection, "customers_page", page_size=limit + 1, **filters)
    page = [_summary(entry) for entry in found[:limit]]
    is_last = len(found) <= limit
    answer = CustomerPage(
        as_of=month.as_of,
        data_month=month.data_month,
        horizon_months=HORIZON_MONTHS,
        customers=page,
        after=None if is_last else _Place(month.publication.publication_id, page[-1].customer_id).text(),
        publication=month.publication,
        freshness=freshness(month.as_of, context.today()),
    )
    return as_json(answer)


def _summary(entry: dict[str, object]) -> CustomerSummary:
    interval = {"p10": entry["clv_12m_p10"], "p90": entry["clv_12m_p90"]}
    return CustomerSummary.model_validate(entry | {"interval": interval})


class _Place:
    """Where a page ended: the publication, and the last customer."""

    def __init__(self, publication_id: int, customer_id: str) -> None:
        self.publication_id, self.customer_id = publication_id, customer_id

    def text(self) -> str:
        """The place in letters that a URL may hold."""
        return base64.urlsafe_b64encode(f"{self.publication_id}.{self.customer_id}".encode()).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> _Place:
        """The place that `text` made; a problem for anything else."""
        try:
            decoded = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
            number, dot, customer_id = decoded.decode().partition(".")
        except (binascii.Error, UnicodeError):
            number, dot, customer_id = "", "", ""
        if not (dot and customer_id and _PUBLICATION_ID.fullmatch(number)) or "\0" in customer_id:
            raise Problem(
                422,
                "invalid-request",
                "1 field of the request is wrong.",
                remedy="Pass on `after` of the page before unchanged, or leave it out.",
                errors=[("query.after", "`after` of a page")],
            )
        return cls(int(number), customer_id)
