"""Forecast the customers of a special run's segment over its horizon, with the given model version.

spark-submit jobs/score_special.py --as-of 2011-12-01 --run-id 17 --model-version 3 --horizon 3 --segment city=Paris
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from jobs.core.arguments import run_parser
from jobs.core.fence import refuse_superseded
from jobs.core.month import HORIZONS
from jobs.core.postgres import engine, execute
from jobs.core.settings import Settings
from jobs.core.task import recorded, run_as_program
from jobs.features.table import features
from jobs.lake.lake import Lake
from jobs.models.registry import Registry
from jobs.models.scoring import shipped_package, start
from jobs.models.special_scoring import score_special
from jobs.planning.segment import ALL, parse
from jobs.sources import load


def main(argv: Sequence[str] | None = None) -> None:
    """Score one special run."""
    parser = run_parser(__doc__)
    parser.add_argument("--model-version", type=int, required=True, help="the version that forecasts the run")
    parser.add_argument("--horizon", type=int, choices=HORIZONS, required=True, help="months to forecast")
    parser.add_argument("--segment", required=True, help=f"'{ALL}', or column=value,value")
    arguments = parser.parse_args(argv)
    settings = Settings().on(arguments.value_basis)
    database, run_id = engine(settings.database_url), arguments.run_id
    with recorded("special.score_special", run_id=run_id, engine=database) as outcome:
        table = features(load(settings.source).departments)
        segment = parse(arguments.segment, table)
        registry = Registry(settings.tracking_uri, database, settings.model)
        spark, model = start("score special", registry, arguments.model_version)
        with shipped_package(spark):
            made = score_special(
                spark,
                Lake(settings.lake, partial(refuse_superseded, database, run_id)),
                table,
                model,
                as_of=arguments.as_of,
                run_id=run_id,
                horizon_months=arguments.horizon,
                segment=segment,
            )
        execute(database, "set_run_forecast", run_id=run_id, fingerprint=made.fingerprint)
        outcome.rows = made.rows


if __name__ == "__main__":
    run_as_program(main)
