"""Train the model of the first month on data from before `as_of`, let the gate judge it, and record its accuracy.

    python -m jobs.train_first_month --as-of 2011-12-01 --run-id 17

The last line on stdout is a JSON object with the model version that forecasts the month's new customers; it is null
where too few customers have lived through a month after their first one: the standard forecasts stand in for them. With
`--model champion` nothing is trained: today's champion of this model forecasts.
See `docs/decisions/0015-first-month.md`.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Sequence
from datetime import date

from jobs.core.arguments import add_force, run_parser
from jobs.core.postgres import engine, execute
from jobs.core.settings import FIRST_MONTH_MODEL, Settings
from jobs.core.task import recorded, run_as_program
from jobs.features.table import features
from jobs.forecasting.encoder import InputError
from jobs.lake.lake import Lake
from jobs.models.first_month import FirstMonthModels
from jobs.models.first_month_accuracy import write_accuracy
from jobs.models.registry import Registry
from jobs.planning.options import CHAMPION, add_model
from jobs.sources import load

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> None:
    """Train and judge the model of one month, and print the version that forecasts."""
    parser = run_parser(__doc__)
    add_model(parser)
    add_force(parser)
    arguments = parser.parse_args(argv)
    settings, as_of, run_id = Settings(), arguments.as_of, arguments.run_id
    database = engine(settings.database_url)
    lake = Lake.of_run(settings.lake, as_of, run_id)
    with recorded("retrain.train_first_month", run_id=run_id, engine=database):
        registry = Registry(settings.tracking_uri, database, FIRST_MONTH_MODEL)
        table = features(load(settings.source).departments)
        models = FirstMonthModels(registry=registry, lake=lake, table=table)
        if arguments.model == CHAMPION:
            number = registry.aliased("champion")
        else:
            number = _trained(models, as_of, run_id, is_forced=arguments.force)
        write_accuracy(models, number, as_of=as_of, is_forced=arguments.force)
        execute(database, "set_run_first_month_version", run_id=run_id, model_version=number)
    sys.stdout.write(json.dumps({"model_version": number}) + "\n")


def _trained(models: FirstMonthModels, as_of: date, run_id: int, *, is_forced: bool) -> int | None:
    try:
        number = models.train(as_of, is_forced=is_forced)
    except InputError as error:
        log.warning("Nothing to learn from yet: %s. The standard forecasts stand in", error)
        return None
    verdict = models.judge(number, as_of=as_of, run_id=run_id)
    log.info("%s: version %s forecasts the new customers", verdict.decision, verdict.model_version)
    for reason in verdict.reasons:
        log.info("%s", reason)
    return verdict.model_version


if __name__ == "__main__":
    run_as_program(main)
