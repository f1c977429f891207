"""Reads the champion from MLflow, its hash from Postgres, and the shop's lists from the lake."""

from __future__ import annotations

import os

from jobs.core.postgres import engine
from jobs.lake.lake import Lake
from jobs.models.registry import Registry
from jobs.service.on_request.keeper import Read
from jobs.service.on_request.live_model import ModelSource
from jobs.service.settings import ModelAccess
from jobs.sources import load

MLFLOW_CLIENT = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "10", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}
"""A look that fails is repeated soon: it need not insist."""


def champion_reader(access: ModelAccess, database_url: str) -> Read:
    """A function that reads the champion; it opens a connection of its own, a look at a time."""
    for name, value in MLFLOW_CLIENT.items():
        os.environ.setdefault(name, value)
    registry = Registry(access.tracking_uri, engine(database_url))
    return ModelSource(registry, Lake(access.lake), load(access.source)).read
