"""Tune the settings of the boosters, and keep the result for later trainings.

    python -m jobs.tune --as-of 2011-12-01

Run by hand, never as part of a monthly run. The result applies to trainings as of that day and later, until the next
tuning; a backfill of an earlier month uses the settings of its own time. The same snapshots give the same settings,
unless a time limit ends the search early; the result includes the number of trials.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from jobs.core.arguments import a_month, add_value_basis, parser
from jobs.core.month import parse_as_of, previous_as_of
from jobs.core.postgres import engine
from jobs.core.settings import Settings
from jobs.core.task import log_to_stderr, recorded, run_as_program
from jobs.features.table import features
from jobs.forecasting.params import ModelParams
from jobs.lake.lake import Lake
from jobs.models.registry import Registry
from jobs.models.training import params_of, tune_month
from jobs.sources import load

log = logging.getLogger(__name__)

TRIALS = 30


def _until(tried: Iterator[ModelParams], minutes: float) -> Iterator[ModelParams]:
    """The settings whose trial starts before the time limit."""
    end = time.monotonic() + minutes * 60.0
    for params in tried:
        if time.monotonic() > end:
            log.warning("The time limit of %g minutes is reached: the search ends early", minutes)
            return
        yield params


def main(argv: Sequence[str] | None = None) -> None:
    """Tune as of one day, and print the id of the MLflow run and the settings."""
    from jobs.forecasting.tuning import candidates

    options = parser(__doc__)
    when = options.add_mutually_exclusive_group(required=True)
    when.add_argument("--as-of", type=parse_as_of, help="first day after the last month of the data: YYYY-MM-01")
    when.add_argument("--month", type=a_month, help="that last month, as an alternative: YYYY-MM")
    options.add_argument("--run-id", type=int, help="the run under which the cost is recorded, if any")
    options.add_argument("--trials", type=int, default=TRIALS, help="settings to try (default: %(default)s)")
    options.add_argument(
        "--minutes", type=float, default=float("inf"), help="start no trial after this time (default: no limit)"
    )
    add_value_basis(options)
    arguments = options.parse_args(argv)
    as_of, settings = arguments.as_of or arguments.month.as_of, Settings().on(arguments.value_basis)
    database = engine(settings.database_url)
    log_to_stderr()
    with ExitStack() as stack:
        if arguments.run_id is not None:
            stack.enter_context(recorded("tune", run_id=arguments.run_id, engine=database, is_fenced=False))
        registry = Registry(settings.tracking_uri, database, settings.model)
        present = params_of(registry, as_of=previous_as_of(as_of))
        tuning = tune_month(
            Lake(settings.lake, versions={}),
            features(load(settings.source).departments),
            registry,
            as_of=as_of,
            present=present,
            tried=_until(candidates(present, arguments.trials), arguments.minutes),
        )
    sys.stdout.write(json.dumps({"tuning": tuning, "settings": registry.tuned(as_of)}) + "\n")


if __name__ == "__main__":
    run_as_program(main)
