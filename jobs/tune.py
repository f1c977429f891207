"""Look for better settings of the boosters than the present ones, and keep what was found for later trainings.

    python -m jobs.tune --as-of 2011-12-01

Asked for by hand, never part of a month's run. What it keeps holds for every training as of that day or later, until a
later search: a backfill of an earlier month trains with what had been found by then. The same snapshots give the same
settings, unless a time limit ends the search early; how many were tried is kept beside them.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import date

from jobs.core.month import Month, parse_as_of
from jobs.core.postgres import engine
from jobs.core.settings import Settings
from jobs.core.task import log_to_stderr, recorded, run_as_program
from jobs.core.value_basis import add_value_basis
from jobs.features.table import features
from jobs.forecasting.params import ModelParams
from jobs.lake.lake import Lake
from jobs.lake.tables import Table
from jobs.models.registry import Registry
from jobs.sources import load
from jobs.train import origin_of, params_of, snapshots_until

log = logging.getLogger(__name__)

TRIALS = 30


def tune_month(
    lake: Lake, table: Table, registry: Registry, *, as_of: date, present: ModelParams, tried: Iterable[ModelParams]
) -> str:
    """Search on what was known at `as_of` and keep the result; the id of its run in MLflow.

    Raises:
        IncompleteError: the snapshot as of `as_of` is not in the lake.
        InputError: the history is too short to choose on some months and to confirm on others.
    """
    from jobs.forecasting.tuning import tune
    from jobs.models.training_data import read_history

    origin = origin_of(lake, table, as_of=as_of, params=present)
    snapshots = read_history(lake, table, present.max_customers, snapshots_until(lake, table, as_of))
    found = tune(snapshots, as_of=as_of, present=present, tried=tried)
    log.info("%d settings tried, adopted: %s; %s", len(found.trials) - 1, found.adopted, "; ".join(found.reasons))
    return registry.keep_tuning(asdict(found), origin)


def _until(tried: Iterator[ModelParams], minutes: float) -> Iterator[ModelParams]:
    """Those that can be begun before the time is over."""
    end = time.monotonic() + minutes * 60.0
    for params in tried:
        if time.monotonic() > end:
            log.warning("The time is over: the search ends early")
            return
        yield params


def main(argv: Sequence[str] | None = None) -> None:
    """Tune as of one day and print the search's id in MLflow, and the settings."""
    from jobs.forecasting.tuning import candidates

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    when = parser.add_mutually_exclusive_group(required=True)
    when.add_argument("--as-of", type=parse_as_of, help="first of the month after the last one to look at")
    when.add_argument("--month", type=Month.parse, help="that last month instead: YYYY-MM")
    parser.add_argument("--run-id", type=int, help="the run to record the cost with, if it belongs to one")
    parser.add_argument("--trials", type=int, default=TRIALS, help="settings to try (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no trial after so long (no limit)")
    add_value_basis(parser)
    arguments = parser.parse_args(argv)
    as_of, settings = arguments.as_of or arguments.month.as_of, Settings.from_env().on(arguments.value_basis)
    log_to_stderr()
    with ExitStack() as stack:
        if arguments.run_id is not None:
            stack.enter_context(recorded("tune", run_id=arguments.run_id, engine=engine(settings.database_url)))
        registry = Registry(settings.tracking_uri, settings.model)
        present = params_of(registry, as_of=Month.before(as_of).first_day)
        tuning = tune_month(
            Lake(settings.lake),
            features(load(settings.source).departments),
            registry,
            as_of=as_of,
            present=present,
            tried=_until(candidates(present, arguments.trials), arguments.minutes),
        )
    sys.stdout.write(json.dumps({"tuning": tuning, "settings": registry.tuned(as_of)}) + "\n")


if __name__ == "__main__":
    run_as_program(main)
