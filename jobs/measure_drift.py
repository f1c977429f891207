"""Measure how far a published month is from the months that its model was trained on. It warns, and never fails a run.

    python -m jobs.measure_drift --as-of 2011-12-01 --run-id 17

The last line on stdout is a JSON object: `month`, and `reason`, which says what has drifted; empty if nothing has.
Running it again changes nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from jobs.core.arguments import run_parser
from jobs.core.month import Month
from jobs.core.postgres import engine
from jobs.core.settings import Settings
from jobs.core.task import recorded, run_as_program
from jobs.drift.measure import measure_drift, warning_of
from jobs.features.table import features
from jobs.lake.lake import Lake
from jobs.models.registry import Registry
from jobs.sources import load


def main(argv: Sequence[str] | None = None) -> None:
    """Measure one month."""
    arguments = run_parser(__doc__).parse_args(argv)
    settings = Settings().on(arguments.value_basis)
    table = features(load(settings.source).departments)
    database = engine(settings.database_url)
    with recorded("publish.measure_drift", run_id=arguments.run_id, engine=database) as outcome:
        registry = Registry(settings.tracking_uri, database, settings.model)
        month = {"as_of": arguments.as_of, "value_basis": settings.value_basis}
        lake = Lake.of_run(settings.lake, arguments.as_of, arguments.run_id)
        compared = measure_drift(database, registry, lake, table, **month)
        outcome.rows = len(compared)
    result = {"month": str(Month.before(arguments.as_of)), "reason": warning_of(compared)}
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    run_as_program(main)
