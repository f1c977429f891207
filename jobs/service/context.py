"""What the routes work with, made once when the service starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine

from jobs.service.airflow import Airflow
from jobs.service.limits import TokenBuckets
from jobs.service.metrics import Metrics
from jobs.service.on_request.keeper import ModelKeeper
from jobs.service.on_request.worker import Worker


@dataclass(frozen=True, kw_only=True)
class Context:
    """The parts of a running service.

    Attributes:
        database: the pool of connections to Postgres.
        airflow: None if the service starts no runs.
        models: the live model.
        worker: where forecasts on request are computed.
        keys: a bucket a key.
        strangers: a bucket an address that no valid key came from.
        metrics: what was answered.
        today: the date; the only clock that an answer depends on.
        max_age_days: how old the newest forecast may be while the service is ready; None: of any age.
    """

    database: Engine
    airflow: Airflow | None
    models: ModelKeeper
    worker: Worker
    keys: TokenBuckets
    strangers: TokenBuckets
    metrics: Metrics
    today: Callable[[], date]
    max_age_days: int | None


async def context_of(request: Request) -> Context:
    """The context of the application that a request is for."""
    context: Context = request.app.state.context
    return context


InContext = Annotated[Context, Depends(context_of)]
