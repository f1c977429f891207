"""The places a job reads from and writes to, taken from the environment; `.env.example` explains each variable."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from jobs.core.refusal import RefusedError
from jobs.core.value_basis import NET_REVENUE

MODEL = "clv"
"""The registered model of net revenue."""
MARGIN_MODEL, FIRST_MONTH_MODEL = f"{MODEL}_margin", f"{MODEL}_first_month"
"""Those of the margin, and of new customers."""

VARIABLES = ("CLV_SOURCE", "CLV_LANDING", "CLV_LAKE", "CLV_REPORTS", "CLV_DATABASE_URL", "MLFLOW_TRACKING_URI")

_KEEP_MONTHS = "24"

LANDING_CACHE = "landing_cache"
"""The cache of a lake in a folder is in that folder, unless CLV_CACHE says otherwise."""


def lake_root(address: str) -> str:
    """Where a lake lies: its folder, or the address of its prefix in an object store."""
    return address.removeprefix("file://").rstrip("/")


class SettingsError(RefusedError):
    """A variable that the job needs is not set."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A job's places. Each variable is read on access, so a job needs only the variables that it uses.

    Every property raises SettingsError if its variable is not set.

    Attributes:
        environ: the environment.
        value_basis: the measure of value. The margin has its own lake, reports and model.
    """

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    value_basis: str = NET_REVENUE

    def on(self, value_basis: str) -> Settings:
        """The same environment with another value basis."""
        return replace(self, value_basis=value_basis)

    @property
    def source(self) -> str:
        """Name of the source layout, a module of `jobs.sources`."""
        return self._variable("CLV_SOURCE")

    @property
    def landing(self) -> Path:
        """The file or folder the shop delivers to."""
        return Path(self._variable("CLV_LANDING"))

    @property
    def lake(self) -> str:
        """The folder of the lake, or the address of its prefix in an object store; every Spark worker must reach it."""
        return self._own(lake_root(self._variable("CLV_LAKE")))

    @property
    def cache(self) -> Path:
        """The folder with what is known of delivered files; Spark's workers must reach it."""
        own, lake = self.environ.get("CLV_CACHE"), lake_root(self._variable("CLV_LAKE"))
        if not own and "://" in lake:
            raise SettingsError("CLV_CACHE is not set. A lake in an object store needs it: .env.example explains it")
        return Path(own) if own else Path(lake, LANDING_CACHE)

    @property
    def keep_months(self) -> int:
        """How many months back everything is kept; what a published month needs is kept in any case."""
        text = self.environ.get("CLV_KEEP_MONTHS") or _KEEP_MONTHS
        if not text.isdecimal() or int(text) < 1:
            raise SettingsError(f"CLV_KEEP_MONTHS is {text!r}: give a number of months, at least 1")
        return int(text)

    @property
    def reports(self) -> Path:
        """The folder of the Data Docs."""
        return Path(self._own(self._variable("CLV_REPORTS")))

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the forecast database, as the role `clv_writer`."""
        return self._variable("CLV_DATABASE_URL")

    @property
    def reader_database_url(self) -> str:
        """SQLAlchemy URL of the forecast database, as the role `clv_reader`; only exports read it."""
        return self._variable("CLV_READER_DATABASE_URL")

    @property
    def superuser_database_url(self) -> str:
        """SQLAlchemy URL of the server of all databases, as superuser; only backups need it."""
        return self._variable("CLV_SUPERUSER_DATABASE_URL")

    @property
    def artifacts(self) -> str:
        """The folder where the MLflow server keeps its artifacts, or an address; only backups need it."""
        return lake_root(self._variable("CLV_ARTIFACTS"))

    @property
    def tracking_uri(self) -> str:
        """Address of the MLflow server."""
        return self._variable("MLFLOW_TRACKING_URI")

    @property
    def model(self) -> str:
        """Name of the registered model."""
        return MODEL if self.value_basis == NET_REVENUE else MARGIN_MODEL

    def _own(self, folder: str) -> str:
        return folder if self.value_basis == NET_REVENUE else f"{folder}/{self.value_basis}"

    def _variable(self, name: str) -> str:
        value = self.environ.get(name)
        if not value:
            needed = VARIABLES if name in VARIABLES else ()
            others = [other for other in needed if other != name and not self.environ.get(other)]
            also = f"; also not set: {', '.join(others)}" if others else ""
            raise SettingsError(f"{name} is not set{also}. Set it in the job's environment: .env.example explains it")
        return value
