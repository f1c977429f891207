"""Forecast every customer of a snapshot with the model version that the gate chose.

spark-submit jobs/score.py --as-of 2011-12-01 --run-id 17 --model-version 3
"""

from __future__ import annotations

from collections.abc import Sequence

from jobs.core.arguments import run_parser
from jobs.core.postgres import engine
from jobs.core.settings import Settings
from jobs.core.task import recorded, run_as_program
from jobs.features.table import features
from jobs.lake.lake import Lake
from jobs.models.registry import Registry
from jobs.models.scoring import score, shipped_package, start
from jobs.sources import load


def main(argv: Sequence[str] | None = None) -> None:
    """Score one month."""
    parser = run_parser(__doc__)
    parser.add_argument("--model-version", type=int, required=True, help="the version that forecasts the month")
    arguments = parser.parse_args(argv)
    settings = Settings()
    database = engine(settings.database_url)
    with recorded("score.score", run_id=arguments.run_id, engine=database) as outcome:
        table = features(load(settings.source).departments)
        spark, model = start("score", Registry(settings.tracking_uri, database), arguments.model_version)
        with shipped_package(spark):
            outcome.rows = score(spark, Lake(settings.lake), table, model, as_of=arguments.as_of)


if __name__ == "__main__":
    run_as_program(main)
