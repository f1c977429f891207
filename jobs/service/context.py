"""What the routes work with, made once when the service starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy import Engine

from jobs.service.airflow import Airflow
from jobs.service.limits import TokenBuckets, WaitingSlots
from jobs.service.metrics import Metrics
from jobs.service.on_request.keeper import ModelKeeper
from jobs.service.recent import Recent
from jobs.service.valid_keys import ValidKeys


@dataclass(frozen=True, kw_only=True)
class Context:
    """The parts of a running service.

    Attributes:
        database: the pool of connections to Postgres.
        airflow: None if the service starts no runs.
        models: what forecasts on request.
        keys: a bucket a key, by its id.
        strangers: a bucket an address, for keys that were not valid here before.
        valid_keys: those that were valid when they were looked up last.
        slots: for requests with a valid key; monitoring needs none.
        body_seconds: how long a body may take to arrive.
        metrics: what was answered.
        readiness: what /readyz answered last.
        today: the date; the only clock that an answer depends on.
        max_age_days: how old the newest forecast may be while the service is ready; None: of any age.
    """

    database: Engine
    airflow: Airflow | None
    models: ModelKeeper
    keys: TokenBuckets
    strangers: TokenBuckets
    valid_keys: ValidKeys
    slots: WaitingSlots
    body_seconds: float
    metrics: Metrics
    readiness: Recent[Any]
    today: Callable[[], date]
    max_age_days: int | None


async def context_of(request: Request) -> Context:
    """The context of the application that a request is for."""
    context: Context = request.app.state.context
    return context


InContext = Annotated[Context, Depends(context_of)]
