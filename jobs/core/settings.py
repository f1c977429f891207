"""Where a job finds its surroundings. Read once, in `main`, from the environment; `.env.example` explains each."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from jobs.core.value_basis import NET_REVENUE

MODEL = "clv"
"""The model that forecasts the published months; one on a margin is named after its value basis, too."""


class SettingsError(ValueError):
    """One or more variables are missing."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The places a job reads from and writes to.

    Attributes:
        source: name of the source layout, a module of `jobs.sources`.
        landing: the file or folder the shop delivers to.
        lake: the folder that holds the lake's tables; every Spark worker must reach it.
        reports: the folder for Data Docs and plots.
        database_url: SQLAlchemy URL of the forecast database, as the role `clv_writer`.
        tracking_uri: address of the MLflow server.
        model: name of the registered model.
        value_basis: what value is counted in.
    """

    source: str
    landing: Path
    lake: Path
    reports: Path
    database_url: str
    tracking_uri: str
    model: str = MODEL
    value_basis: str = NET_REVENUE

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read every setting; raises SettingsError naming all that are missing."""
        names = {
            "source": "CLV_SOURCE",
            "landing": "CLV_LANDING",
            "lake": "CLV_LAKE",
            "reports": "CLV_REPORTS",
            "database_url": "CLV_DATABASE_URL",
            "tracking_uri": "MLFLOW_TRACKING_URI",
        }
        missing = [variable for variable in names.values() if not environ.get(variable)]
        if missing:
            raise SettingsError(f"set {', '.join(missing)} (see .env.example)")
        values = {field: environ[variable] for field, variable in names.items()}
        return cls(
            source=values["source"],
            landing=Path(values["landing"]),
            lake=Path(values["lake"]),
            reports=Path(values["reports"]),
            database_url=values["database_url"],
            tracking_uri=values["tracking_uri"],
        )

    def on(self, value_basis: str) -> Settings:
        """The places of a value basis: a margin has a lake, reports and a model that net revenue never looks at."""
        if value_basis == self.value_basis:
            return self
        return replace(
            self,
            lake=self.lake / value_basis,
            reports=self.reports / value_basis,
            model=f"{self.model}_{value_basis}",
            value_basis=value_basis,
        )
