"""The application: its routes, what stands before them, and its OpenAPI document."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date
from typing import Any

from fastapi import Depends, FastAPI
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from jobs.service import accuracy, champion, customers, forecasts, health, problems, reference, runs, totals
from jobs.service.airflow import Airflow
from jobs.service.context import Context
from jobs.service.database import pool
from jobs.service.guard import Guard
from jobs.service.limits import TokenBuckets, WaitingSlots
from jobs.service.metrics import Metrics
from jobs.service.on_request import route
from jobs.service.on_request.body import ForecastRequest
from jobs.service.on_request.example import example
from jobs.service.on_request.keeper import ModelKeeper
from jobs.service.on_request.live_model import Champion
from jobs.service.on_request.worker import Worker
from jobs.service.problems import ProblemDetails, documented
from jobs.service.recent import Recent
from jobs.service.settings import ServiceSettings
from jobs.service.valid_keys import ValidKeys

VERSION = "1.0.0"
"""Of the interface, not of the pipeline: a change that breaks callers gets a new path, /v2."""

_DESCRIPTION = (
    "Published customer-lifetime-value forecasts, read from Postgres; forecasts from raw rows, made now with the live "
    "model; and runs of the monthly pipeline. Paths below "
    "/v1 need an API key in the header Authorization: Bearer clv_…. Errors are problem details (RFC 9457). Amounts are "
    "decimals in text."
)


def create_app(
    settings: ServiceSettings,
    *,
    today: Callable[[], date],
    live_champion: Champion | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> FastAPI:
    """The application. It connects to Postgres and Airflow when the first request needs them.

    Args:
        settings: where everything is, and the limits.
        today: the date, which answers compare the age of a forecast with.
        live_champion: the model that forecasts on request; None: it makes no such forecasts.
        clock: seconds that only go forward, for the rates.
    """
    context = Context(
        database=pool(settings.database_url, connections=settings.connections),
        airflow=Airflow(settings.airflow) if settings.airflow else None,
        models=ModelKeeper(
            live_champion,
            Worker(waiting=settings.forecasts_waiting),
            seconds=settings.model_seconds,
            request_seconds=settings.request_seconds,
        ),
        keys=TokenBuckets(per_second=settings.requests_per_second, burst=settings.burst, clock=clock),
        strangers=TokenBuckets(per_second=settings.strangers_per_second, burst=settings.strangers_burst, clock=clock),
        valid_keys=ValidKeys(settings.key_seconds, clock),
        slots=WaitingSlots(settings.in_flight, seconds=settings.wait_seconds),
        metrics=Metrics(),
        readiness=Recent(settings.ready_seconds, clock),
        body_seconds=settings.body_seconds,
        today=today,
        max_age_days=settings.max_age_days,
    )
    app = _Documented(
        title="CLV service",
        version=VERSION,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=_closing(context),
        redirect_slashes=False,
    )
    app.state.context = context
    problems.install(app)
    for part in (forecasts, customers, totals, accuracy, route, champion, runs):
        every = documented(401, 403, 404, 422, 429, 431, 500, 503)
        app.include_router(part.router, responses=every, dependencies=[Depends(problems.only_known_parameters)])
    app.include_router(health.router, responses=documented(431, 500))
    app.include_router(reference.router)
    app.add_middleware(Guard, settings=settings, metrics=context.metrics)
    return app


class _Documented(FastAPI):
    """Its OpenAPI document has the schemas that no route declares by itself: of problems, and of a body read late."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document; its example of rows is of the live model's shop."""
        document = super().openapi()
        schemas = document["components"]["schemas"]
        if ProblemDetails.__name__ not in schemas:
            undeclared: list[tuple[type[BaseModel], JsonSchemaMode]] = [(ProblemDetails, "serialization")]
            undeclared += [(model, "validation") for model in route.SCHEMAS]
            _, found = models_json_schema(undeclared, ref_template="#/components/schemas/{model}")
            schemas |= found["$defs"]
        model = self.state.context.models.kept.model
        schemas[ForecastRequest.__name__]["example"] = model.example if model else example(None)
        return document


def _closing(context: Context) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        context.models.start()
        yield
        context.models.stop()
        context.database.dispose()
        if context.airflow is not None:
            context.airflow.close()

    return lifespan
