"""Say what the total changed by since the month before, step by step.

spark-submit jobs/build_bridge.py --as-of 2011-12-01 --run-id 17

Last month's snapshot is scored with this month's model version, and nothing of that is published. Running it again
changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from jobs.bridge.build import build_bridges
from jobs.core.arguments import run_parser
from jobs.core.postgres import engine
from jobs.core.settings import Settings
from jobs.core.task import recorded, run_as_program
from jobs.features.table import features
from jobs.lake.lake import Lake
from jobs.models.registry import Registry
from jobs.sources import load


def main(argv: Sequence[str] | None = None) -> None:
    """Build the bridge to one month."""
    arguments = run_parser(__doc__).parse_args(argv)
    settings = Settings().on(arguments.value_basis)
    table = features(load(settings.source).departments)
    database = engine(settings.database_url)
    with recorded("publish.build_bridge", run_id=arguments.run_id, engine=database) as outcome:
        registry = Registry(settings.tracking_uri, database, settings.model)
        month = {"as_of": arguments.as_of, "value_basis": settings.value_basis}
        outcome.rows = build_bridges(database, registry, Lake(settings.lake, versions={}), table, **month)


if __name__ == "__main__":
    run_as_program(main)
