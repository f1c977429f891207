"""Train a model on what was known at `as_of`, judge it out of time, and register it.

    python -m jobs.train --as-of 2011-12-01 --run-id 17

The last line on stdout names the version. Nothing is trained twice: where a version was made from the same snapshots
with the same settings and code, that one is named; in a special run, any of the month is good. The settings are those
that the newest tuning of that day or before came to (`jobs.tune`), else the defaults. With `--model champion` nothing
is trained, and the champion is named.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import TYPE_CHECKING

from jobs.core.code_version import code_version
from jobs.core.month import parse_as_of
from jobs.core.postgres import engine
from jobs.core.settings import Settings
from jobs.core.task import recorded, run_as_program
from jobs.core.value_basis import add_value_basis
from jobs.features.table import features
from jobs.forecasting.params import ModelParams
from jobs.lake.lake import Lake
from jobs.lake.tables import Table
from jobs.models.model_version import Origin, Training, library_versions
from jobs.models.registry import Registry
from jobs.models.verdict import champion_for
from jobs.planning.options import AS_OF, CHAMPION, MODEL_CHOICES
from jobs.sources import load

if TYPE_CHECKING:
    import pandas as pd

    from jobs.forecasting.outcomes import Snapshots

log = logging.getLogger(__name__)

EXAMPLE_CUSTOMERS = 5
THEME_IMPORTANCE = "theme_importance"
"""Under this name stands each theme's share among the metrics, beside the candidates."""


def train(lake: Lake, table: Table, registry: Registry, *, as_of: date, params: ModelParams) -> int:
    """The number of the version trained as of `as_of`, registered now or before.

    Raises:
        IncompleteError: the snapshot as of `as_of` is not in the lake.
        InputError: too few snapshots lie before it, or they lack columns.
        LeakError: a forecast changes with what came after it.
    """
    origin = origin_of(lake, table, as_of=as_of, params=params)
    known = registry.find(origin)
    if known is not None:
        log.info("Version %s was made from the same snapshots, settings and code: nothing to train", known)
        return known

    from jobs.models.training_data import read_history

    snapshots = read_history(lake, table, params.max_customers, snapshots_until(lake, table, as_of))
    return registry.register(_training(snapshots, as_of, params), origin)


def special_version(lake: Lake, table: Table, registry: Registry, *, as_of: date, params: ModelParams) -> int:
    """The newest version of the month, whatever made it; trained now where there is none. Raises as `train` does."""
    known = registry.newest(as_of)
    return train(lake, table, registry, as_of=as_of, params=params) if known is None else known


def params_of(registry: Registry, *, as_of: date) -> ModelParams:
    """The settings of a training as of `as_of`: those found by the newest tuning of that day or before, or ours."""
    tuned = registry.tuned(as_of)
    return ModelParams() if tuned is None else replace(ModelParams(), **tuned)


def origin_of(lake: Lake, table: Table, *, as_of: date, params: ModelParams) -> Origin:
    """What a training as of `as_of` learns from; raises IncompleteError where that snapshot is not in the lake."""
    snapshots = snapshots_until(lake, table, as_of)
    return Origin(
        as_of=str(as_of),
        input_fingerprint=_fingerprint({str(day): lake.record(table, day).fingerprint for day in snapshots}),
        params_fingerprint=_fingerprint(asdict(params)),
        code_version=code_version(),
        libraries=library_versions(),
    )


def snapshots_until(lake: Lake, table: Table, as_of: date) -> list[date]:
    """The periods of the snapshots up to and including `as_of`, oldest first, whether or not that one is there."""
    return [*(date.fromisoformat(period) for period in lake.periods(table) if period < str(as_of)), as_of]


def _fingerprint(parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def _training(snapshots: Snapshots, as_of: date, params: ModelParams) -> Training:
    from jobs.forecasting import leak_check as canary
    from jobs.forecasting.backtest import evaluate
    from jobs.forecasting.fit import fit
    from jobs.forecasting.plots import plots

    canary.check(snapshots, as_of=as_of, params=params)
    evaluation = evaluate(snapshots, as_of=as_of, params=params)
    for absent in evaluation.missing:
        log.warning("Not measured: %s", absent)
    fold = evaluation.fold
    return Training(
        forecaster=fit(snapshots, as_of=as_of, params=params),
        backtest=None if fold is None else fold.forecaster,
        params=asdict(params) | {"snapshots": len(snapshots), "first_snapshot": str(min(snapshots))},
        metrics={**evaluation.metrics, THEME_IMPORTANCE: evaluation.theme_importance},
        figures=plots(evaluation),
        example=_example(snapshots[as_of]),
        not_measured=evaluation.missing,
    )


def _example(snapshot: pd.DataFrame) -> pd.DataFrame:
    """A few rows that show what the model reads, without telling whose they are; every number as a double."""
    rows = snapshot.sort_values("customer_id", kind="stable").head(EXAMPLE_CUSTOMERS)
    whole_numbers = rows.select_dtypes("integer").columns
    names = [f"customer {number}" for number in range(1, len(rows) + 1)]
    return rows.assign(customer_id=names).astype(dict.fromkeys(whole_numbers, "float64"))


def main(argv: Sequence[str] | None = None) -> None:
    """Train the model of one month and print its version."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--as-of", type=parse_as_of, required=True, help="first of the month after the data month")
    parser.add_argument("--run-id", type=int, required=True, help="the run, as planned")
    parser.add_argument("--special", action="store_true", help="it is a special run: an older version is good enough")
    parser.add_argument("--model", choices=MODEL_CHOICES, default=AS_OF, help="what the run scores with")
    add_value_basis(parser)
    arguments = parser.parse_args(argv)
    settings = Settings.from_env().on(arguments.value_basis)
    database = engine(settings.database_url)
    with recorded("retrain.train", run_id=arguments.run_id, engine=database):
        registry = Registry(settings.tracking_uri, settings.model)
        if arguments.model == CHAMPION:
            version = champion_for(registry, database, arguments.run_id)
        else:
            version = (special_version if arguments.special else train)(
                Lake(settings.lake),
                features(load(settings.source).departments),
                registry,
                as_of=arguments.as_of,
                params=params_of(registry, as_of=arguments.as_of),
            )
    sys.stdout.write(json.dumps({"model_version": version}) + "\n")


if __name__ == "__main__":
    run_as_program(main)
