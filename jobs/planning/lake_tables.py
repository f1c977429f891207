"""The tables of the lake that a run writes."""

from __future__ import annotations

import json
from functools import partial

from sqlalchemy import Engine

from jobs.core.postgres import execute, fetch
from jobs.lake.first_month_tables import FIRST_MONTH, FIRST_MONTH_ACCURACY
from jobs.lake.lake import Lake
from jobs.lake.tables import DAILY, FORECASTS, STAGES, Table, rejected, validation
from jobs.landing.deliveries import TABLES


def tables_of_run(features: Table) -> list[Table]:
    """All of them, with the features of the shop."""
    clean = list(TABLES.values())
    checks = [validation(stage) for stage in STAGES]
    return [*clean, *map(rejected, clean), DAILY, features, FORECASTS, FIRST_MONTH, FIRST_MONTH_ACCURACY, *checks]


def take_over(database: Engine, lake: Lake, features: Table) -> None:
    """Let a run alone write its month from now on, and record which versions it reads.

    Raises:
        SupersededError: a newer run of the month is planned.
    """
    assert lake.run is not None
    is_known = partial(_is_known, database)
    versions = json.dumps(lake.take_over(tables_of_run(features), is_known))
    execute(database, "set_run_lake_versions", run_id=lake.run.run_id, versions=versions)


def _is_known(database: Engine, run_id: int) -> bool:
    return bool(fetch(database, "newest_plan", run_id=run_id))
