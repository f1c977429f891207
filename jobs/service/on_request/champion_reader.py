"""Reads the champion from MLflow, its hash from Postgres, and the shop's lists from the lake."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from jobs.lake.lake import Lake
from jobs.models.registry import Registry
from jobs.service.database import pool
from jobs.service.on_request.live_model import LiveModel, ModelSource, NotUsableError, State
from jobs.service.settings import ModelAccess
from jobs.sources import load

MLFLOW_CLIENT = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "10", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}
"""A look that fails is repeated soon: it need not insist."""


@dataclass(frozen=True)
class ServiceChampion:
    """The champion of a service; looks keep a connection of their own."""

    access: ModelAccess
    database_url: str

    def seen(self) -> State | None:
        """As `ModelSource.seen`; raises NotUsableError, too, if MLflow does not respond."""
        with _mlflow_needed():
            return _source(self.access, self.database_url).seen()

    def read(self) -> LiveModel:
        """As `ModelSource.read`; raises NotUsableError, too, if MLflow does not respond."""
        with _mlflow_needed():
            return _source(self.access, self.database_url).read()


@contextmanager
def _mlflow_needed() -> Iterator[None]:
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        raise NotUsableError(
            "MLflow at MLFLOW_TRACKING_URI cannot be asked for the champion: start it. The service's log has its error"
        ) from error


@cache
def _source(access: ModelAccess, database_url: str) -> ModelSource:
    for name, value in MLFLOW_CLIENT.items():
        os.environ.setdefault(name, value)
    registry = Registry(access.tracking_uri, pool(database_url, connections=1))
    return ModelSource(registry, Lake(access.lake), load(access.source))
