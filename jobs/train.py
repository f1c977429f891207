"""Train a model on data from before `as_of`, evaluate it on a holdout, and register it.

    python -m jobs.train --as-of 2011-12-01 --run-id 17

The last line on stdout is a JSON object with the model version. Nothing is trained if a version with the same
snapshots, settings, code and libraries exists; with `--force`, another one is registered. The settings are those of the
newest tuning (`jobs.tune`) up to that day, or the defaults. With `--model champion` the version is the champion.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from jobs.core.arguments import add_force, run_parser
from jobs.core.postgres import engine
from jobs.core.settings import Settings
from jobs.core.task import recorded, run_as_program
from jobs.features.table import features
from jobs.lake.lake import Lake
from jobs.models.registry import Registry
from jobs.models.training import params_of, train
from jobs.models.verdict import champion_for
from jobs.planning.options import CHAMPION, add_model
from jobs.sources import load


def main(argv: Sequence[str] | None = None) -> None:
    """Train the model of one month, and print its version."""
    parser = run_parser(__doc__)
    add_model(parser)
    add_force(parser)
    arguments = parser.parse_args(argv)
    settings = Settings().on(arguments.value_basis)
    database = engine(settings.database_url)
    with recorded("retrain.train", run_id=arguments.run_id, engine=database):
        registry = Registry(settings.tracking_uri, database, settings.model)
        if arguments.model == CHAMPION:
            version = champion_for(registry, arguments.run_id)
        else:
            version = train(
                Lake.of_run(settings.lake, arguments.as_of, arguments.run_id),
                features(load(settings.source).departments),
                registry,
                as_of=arguments.as_of,
                params=params_of(registry, as_of=arguments.as_of),
                is_forced=arguments.force,
            )
    sys.stdout.write(json.dumps({"model_name": registry.model, "model_version": version}) + "\n")


if __name__ == "__main__":
    run_as_program(main)
