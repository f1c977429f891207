"""Forecast every customer of a snapshot with the model version that the gate chose.

spark-submit jobs/score.py --as-of 2011-12-01 --run-id 17 --model-version 3
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from jobs.core.arguments import add_force, run_parser
from jobs.core.fence import refuse_superseded
from jobs.core.postgres import engine, execute
from jobs.core.settings import Settings
from jobs.core.task import recorded, run_as_program
from jobs.features.table import features
from jobs.lake.lake import Lake
from jobs.models.registry import Registry
from jobs.models.scoring import score, start, total_levels
from jobs.sources import load


def main(argv: Sequence[str] | None = None) -> None:
    """Score one month."""
    parser = run_parser(__doc__)
    parser.add_argument("--model-version", type=int, required=True, help="the version that forecasts the month")
    add_force(parser)
    arguments = parser.parse_args(argv)
    settings = Settings().on(arguments.value_basis)
    database, run_id = engine(settings.database_url), arguments.run_id
    with recorded("score.score", run_id=run_id, engine=database) as outcome:
        table = features(load(settings.source).departments)
        spark, model = start(
            "score", Registry(settings.tracking_uri, database, settings.model), arguments.model_version
        )
        lake = Lake(settings.lake, partial(refuse_superseded, database, run_id))
        made = score(spark, lake, table, model, as_of=arguments.as_of, is_forced=arguments.force)
        for level in total_levels(model):
            execute(database, "set_run_level", run_id=run_id, **level)
        execute(database, "set_run_forecast", run_id=run_id, fingerprint=made.fingerprint)
        outcome.rows = made.rows


if __name__ == "__main__":
    run_as_program(main)
