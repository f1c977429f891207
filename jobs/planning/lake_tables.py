"""The tables of the lake that a run writes."""

from __future__ import annotations

from jobs.lake.first_month_tables import FIRST_MONTH, FIRST_MONTH_ACCURACY
from jobs.lake.tables import DAILY, FORECASTS, STAGES, Table, rejected, validation
from jobs.landing.deliveries import TABLES


def tables_of_run(features: Table) -> list[Table]:
    """All of them, with the features of the shop."""
    clean = list(TABLES.values())
    checks = [validation(stage) for stage in STAGES]
    return [*clean, *map(rejected, clean), DAILY, features, FORECASTS, FIRST_MONTH, FIRST_MONTH_ACCURACY, *checks]
