"""Measure how right published forecasts turned out to be, once their months are over.

    python -m jobs.measure_accuracy --as-of 2011-12-01 --run-id 17

What customers brought up to the data month is loaded first, where the lake has changed since. Every published forecast
is measured, not the run's alone: running it again changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from jobs.accuracy.actuals import load_actuals
from jobs.accuracy.record import measure_published
from jobs.core.arguments import run_parser
from jobs.core.month import Month
from jobs.core.postgres import engine
from jobs.core.settings import Settings
from jobs.core.task import recorded, run_as_program
from jobs.lake.lake import Lake
from jobs.sources import load

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> None:
    """Load the actual values up to one month, and measure what has matured."""
    arguments = run_parser(__doc__).parse_args(argv)
    settings = Settings().on(arguments.value_basis)
    currency = load(settings.source).currency
    database = engine(settings.database_url)
    with recorded("publish.measure_accuracy", run_id=arguments.run_id, engine=database) as outcome:
        outcome.rows = load_actuals(
            database, Lake(settings.lake, versions={}), Month.before(arguments.as_of), currency, settings.value_basis
        )
        log.info("Measured %d published forecasts that have matured", measure_published(database, settings.value_basis))


if __name__ == "__main__":
    run_as_program(main)
