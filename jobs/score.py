"""Forecast every customer of a snapshot with the model version that the gate chose, and validate the forecasts.

    spark-submit jobs/score.py --as-of 2011-12-01 --run-id 17 --model-version 3 --first-month-version 2

In net revenue, the customers who completed their first month in the data month are forecast by the model of the first
month, too. Where it has no version, their standard forecasts stand in.
"""

from __future__ import annotations

from collections.abc import Sequence

from jobs.core.arguments import add_force, run_parser
from jobs.core.postgres import engine, execute
from jobs.core.settings import FIRST_MONTH_MODEL, Settings
from jobs.core.task import recorded, run_as_program
from jobs.core.value_basis import NET_REVENUE
from jobs.features.table import features
from jobs.lake.lake import Lake
from jobs.models.first_month import FirstMonthModels
from jobs.models.first_month_scoring import score_first_month
from jobs.models.registry import Registry
from jobs.models.scoring import Model, score, total_levels
from jobs.quality.validation import session_to_validate, validate
from jobs.sources import load


def _version(text: str) -> int | None:
    return int(text) if text else None


def main(argv: Sequence[str] | None = None) -> None:
    """Score and validate one month."""
    parser = run_parser(__doc__)
    parser.add_argument("--model-version", type=int, required=True, help="the version that forecasts the month")
    parser.add_argument(
        "--first-month-version", type=_version, help="that of clv_first_month; empty where there is none"
    )
    add_force(parser)
    arguments = parser.parse_args(argv)
    settings = Settings().on(arguments.value_basis)
    database, run_id = engine(settings.database_url), arguments.run_id
    as_of, number, is_forced = arguments.as_of, arguments.model_version, arguments.force
    lake = Lake.of_run(settings.lake, as_of, run_id)
    table = features(load(settings.source).departments)
    with recorded("score", run_id=run_id, engine=database) as outcome:
        registry = Registry(settings.tracking_uri, database, settings.model)
        spark = session_to_validate(f"score {as_of}")
        model = Model.fetched(registry, number)
        made = score(spark, lake, table, model, as_of=as_of, is_forced=is_forced)
        for level in total_levels(model):
            execute(database, "set_run_level", run_id=run_id, **level)
        execute(database, "set_run_forecast", run_id=run_id, fingerprint=made.fingerprint)
        outcome.rows = made.rows
        if settings.value_basis == NET_REVENUE:
            of_first_month = Registry(settings.tracking_uri, database, FIRST_MONTH_MODEL)
            models = FirstMonthModels(registry=of_first_month, lake=lake, table=table)
            score_first_month(models, arguments.first_month_version, as_of=as_of, is_forced=is_forced)
        validate("forecasts", spark, settings, as_of=as_of, run_id=run_id, database=database)


if __name__ == "__main__":
    run_as_program(main)
