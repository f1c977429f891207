"""The gate: decide which version forecasts a month, and whether the new one becomes the champion.

    python -m jobs.promote --as-of 2011-12-01 --run-id 17 --model-version 3

A version that is worse than its opponent leaves the month to it. The opponent is the version of the month before, which
is trained if there is none, or the champion if other code made it or a person chose it.
Only a version of the newest month can become the champion, and only once the month is published: `jobs.set_champion`
moves the alias. A version is judged once: the verdict is a row of `clv.model_decision`, and later runs of the month
follow it. With `--model champion` nothing is judged: today's champion forecasts.
See `docs/decisions/0006-models-in-mlflow.md`.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict

from jobs.core.arguments import run_parser
from jobs.core.postgres import engine, execute
from jobs.core.settings import Settings
from jobs.core.task import recorded, run_as_program
from jobs.features.table import features
from jobs.lake.lake import Lake
from jobs.models.promotion import Promotion
from jobs.models.registry import Registry
from jobs.planning.options import CHAMPION, add_model
from jobs.sources import load

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> None:
    """Judge one version, and print the verdict."""
    parser = run_parser(__doc__)
    parser.add_argument("--model-version", type=int, required=True, help="the version to judge")
    add_model(parser)
    arguments = parser.parse_args(argv)
    settings = Settings().on(arguments.value_basis)
    database = engine(settings.database_url)
    with recorded("retrain.promote", run_id=arguments.run_id, engine=database):
        registry = Registry(settings.tracking_uri, database, settings.model)
        promotion = Promotion(
            registry=registry,
            lake=Lake.of_run(settings.lake, arguments.as_of, arguments.run_id),
            table=features(load(settings.source).departments),
            value_basis=settings.value_basis,
        )
        number, as_of, run_id = arguments.model_version, arguments.as_of, arguments.run_id
        if arguments.model == CHAMPION:
            verdict = promotion.champion(number, as_of=as_of, run_id=run_id)
        else:
            verdict = promotion.gate(number, as_of=as_of, run_id=run_id)
        log.info("%s: version %s forecasts the month", verdict.decision, verdict.model_version)
        for reason in verdict.reasons:
            log.info("%s", reason)
        execute(
            database,
            "set_run_model",
            run_id=run_id,
            model_name=registry.model,
            model_version=verdict.model_version,
        )
    sys.stdout.write(json.dumps(asdict(verdict) | {"model_name": registry.model}) + "\n")


if __name__ == "__main__":
    run_as_program(main)
