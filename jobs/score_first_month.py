"""Forecast the customers who completed their first month in the data month.

    python -m jobs.score_first_month --as-of 2011-12-01 --run-id 17 --model-version 3

Without a version, the month's standard forecasts of these customers stand in.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from jobs.core.arguments import add_force, run_parser
from jobs.core.fence import refuse_superseded
from jobs.core.postgres import engine
from jobs.core.settings import FIRST_MONTH_MODEL, Settings
from jobs.core.task import recorded, run_as_program
from jobs.features.table import features
from jobs.lake.lake import Lake
from jobs.models.first_month import FirstMonthModels
from jobs.models.first_month_scoring import score_first_month
from jobs.models.registry import Registry
from jobs.sources import load


def main(argv: Sequence[str] | None = None) -> None:
    """Score the new customers of one month."""
    parser = run_parser(__doc__)
    parser.add_argument("--model-version", type=int, help="the version of clv_first_month that forecasts")
    add_force(parser)
    arguments = parser.parse_args(argv)
    settings, run_id = Settings(), arguments.run_id
    database = engine(settings.database_url)
    with recorded("score.score_first_month", run_id=run_id, engine=database) as outcome:
        models = FirstMonthModels(
            registry=Registry(settings.tracking_uri, database, FIRST_MONTH_MODEL),
            lake=Lake(settings.lake, partial(refuse_superseded, database, run_id)),
            table=features(load(settings.source).departments),
        )
        made = score_first_month(models, arguments.model_version, as_of=arguments.as_of, is_forced=arguments.force)
        outcome.rows = made.rows


if __name__ == "__main__":
    run_as_program(main)
