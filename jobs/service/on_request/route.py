"""POST /v1/forecasts."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from fastapi import APIRouter, Request, Response

from jobs.service.access import Caller
from jobs.service.context import Context, InContext
from jobs.service.keyed_route import KeyedRoute
from jobs.service.keys import FORECAST
from jobs.service.on_request.answer import Forecasts
from jobs.service.on_request.body import ForecastRequest
from jobs.service.problems import documented, request_id_of

PATH = "/v1/forecasts"
MOST_BYTES = 4 * 1024 * 1024


class _LongBody(KeyedRoute):
    scope = FORECAST
    body_bytes = MOST_BYTES

    def place(self, context: Context) -> AbstractContextManager[None]:
        """One of the few that may send a body, wait or be answered at once."""
        return context.models.place()


router = APIRouter(tags=["forecasts"], route_class=_LongBody)

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ForecastRequest"}}},
    }
}


@router.post(
    PATH,
    summary="Forecasts from raw rows, made now",
    responses={200: {"model": Forecasts}, **documented(400, 408, 413)},
    openapi_extra=_BODY,
)
async def forecasts_now(request: Request, context: InContext, _: Caller) -> Response:
    """Cleans the rows by the shop's mapping, computes the features and forecasts with the champion.

    The numbers are those that the batch would publish for the same history. Nothing is stored. Neither the customers
    nor the rows need to be known to the shop.
    """
    answer = await context.models.forecast(await request.body(), context.today(), request_id_of(request))
    return Response(answer, media_type="application/json")


SCHEMAS = (ForecastRequest,)
"""Models that no route declares: the body is read after the key was checked."""
