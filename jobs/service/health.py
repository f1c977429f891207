"""Whether the service lives, whether it can answer, and what it has answered: for monitoring, without a key.

None of it waits for the threads and slots of other requests: all of them may wait for the database.
"""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

from jobs.core.failure import reason_of
from jobs.service.context import Context, InContext
from jobs.service.database import row, snapshot
from jobs.service.freshness import Freshness, freshness
from jobs.service.metrics import MEDIA_TYPE
from jobs.service.problems import Problem
from jobs.service.publications import published_month
from jobs.service.request_log import log


class Alive(BaseModel):
    """The process responds."""

    status: Literal["ok"] = "ok"


class OnRequest(BaseModel):
    """Whether forecasts can be made on request."""

    model_version: int | None = Field(description="The version that is loaded; null: none", examples=[3])
    problem: str | None = Field(
        description="Why it is not the champion as it is now; null: it is. The version that is loaded goes on",
        examples=[None],
    )


class Readiness(BaseModel):
    """Whether requests are worth sending here."""

    status: Literal["ready", "not ready"]
    database: bool = Field(description="Whether it responds")
    champion: int | None = Field(
        description="The live version; null: no version has passed the gate yet, and months are published all the same",
        examples=[3],
    )
    data_month: str | None = Field(description="The newest published month; null: none", examples=["2011-11"])
    freshness: Freshness | None = Field(description="Of the newest published month")
    forecasts_on_request: OnRequest = Field(description="Lookups do not need it: it does not make the service unready")
    missing: list[str] = Field(description="What keeps the service from being ready")


router = APIRouter(tags=["monitoring"])


@router.get("/healthz", summary="Whether the process responds")
async def healthz() -> Alive:
    """Says ok, whatever else is wrong: a restart would not mend that."""
    return Alive()


@router.get(
    "/readyz",
    summary="Whether the service can answer",
    responses={503: {"model": Readiness, "description": "It cannot: `missing` says why"}},
)
async def readyz(context: InContext, response: Response) -> Readiness:
    """Ready: the database responds, and a month is published that is not older than allowed; names the champion."""
    answer: Readiness = await context.readiness.get(lambda: _readiness(context))
    if answer.missing:
        response.status_code = 503
    return answer


@router.get("/metrics", summary="Counts and durations, for Prometheus", response_class=PlainTextResponse)
async def metrics(context: InContext) -> Response:
    """In Prometheus' text format."""
    return Response(context.metrics.text(), media_type=MEDIA_TYPE)


def _readiness(context: Context) -> Readiness:
    try:
        return _look(context)
    except SQLAlchemyError as error:
        log.error("the forecast database: %s", reason_of(error))
        missing = ["the forecast database does not respond"]
        return Readiness(
            status="not ready",
            database=False,
            champion=None,
            data_month=None,
            freshness=None,
            forecasts_on_request=_on_request(context),
            missing=missing,
        )


def _look(context: Context) -> Readiness:
    with snapshot(context.database) as connection:
        live = row(connection, "champion")
        try:
            month = published_month(connection, None)
        except Problem:
            month = None
    age = freshness(month.as_of, context.today()) if month else None
    missing = []
    if age is None:
        missing.append("no month is published")
    elif context.max_age_days is not None and age.age_days > context.max_age_days:
        missing.append(f"the newest forecast is {age.age_days} days old, {context.max_age_days} are allowed")
    return Readiness(
        status="not ready" if missing else "ready",
        database=True,
        champion=live["model_version"] if live else None,  # type: ignore[arg-type]
        data_month=month.data_month if month else None,
        freshness=age,
        forecasts_on_request=_on_request(context),
        missing=missing,
    )


def _on_request(context: Context) -> OnRequest:
    kept = context.models.kept
    return OnRequest(model_version=kept.model.version if kept.model else None, problem=kept.problem)
