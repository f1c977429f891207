"""Train a model on what was known at `as_of`, judge it out of time, and register it as a version."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import date
from typing import TYPE_CHECKING

from jobs.core.code_version import code_version
from jobs.forecasting.params import ModelParams
from jobs.lake.lake import Lake
from jobs.lake.tables import Table
from jobs.models.model_version import Training, TrainingInputs, library_versions
from jobs.models.registry import Registry

if TYPE_CHECKING:
    import pandas as pd

    from jobs.forecasting.outcomes import Snapshots

log = logging.getLogger(__name__)

EXAMPLE_CUSTOMERS = 5
GROUP_IMPORTANCE = "theme_importance"
"""The name under which MLflow keeps each feature group's share, beside the candidates' metrics."""


def train(lake: Lake, table: Table, registry: Registry, *, as_of: date, params: ModelParams) -> int:
    """The number of the version trained as of `as_of`, registered now or before.

    A version that was made from the same snapshots with the same settings, code and libraries is not trained again.

    Raises:
        IncompleteError: the snapshot as of `as_of` is not in the lake.
        InputError: too few snapshots lie before it, or they lack columns.
        LeakError: a forecast changes with what came after it.
    """
    origin = inputs_of(lake, table, as_of=as_of, params=params)
    known = registry.find(origin)
    if known is not None:
        log.info("Version %s was made from the same snapshots, settings and code: nothing to train", known)
        return known

    from jobs.models.training_data import read_history

    snapshots = read_history(lake, table, params.max_customers, snapshots_until(lake, table, as_of))
    return registry.register(_training(snapshots, as_of, params), origin)


def special_version(lake: Lake, table: Table, registry: Registry, *, as_of: date, params: ModelParams) -> int:
    """The newest version of the month, whatever made it; trained now if there is none. Raises as `train` does."""
    known = registry.newest(as_of)
    return train(lake, table, registry, as_of=as_of, params=params) if known is None else known


def params_of(registry: Registry, *, as_of: date) -> ModelParams:
    """The settings of a training as of `as_of`: those of the newest tuning up to that day, or the defaults."""
    tuned = registry.tuned(as_of)
    return ModelParams() if tuned is None else replace(ModelParams(), **tuned)


def inputs_of(lake: Lake, table: Table, *, as_of: date, params: ModelParams) -> TrainingInputs:
    """What a training as of `as_of` learns from; raises IncompleteError if that snapshot is not in the lake."""
    snapshots = snapshots_until(lake, table, as_of)
    return TrainingInputs(
        as_of=str(as_of),
        input_fingerprint=_fingerprint({str(day): lake.record(table, day).fingerprint for day in snapshots}),
        params_fingerprint=_fingerprint(asdict(params)),
        code_version=code_version(),
        libraries=library_versions(),
    )


def snapshots_until(lake: Lake, table: Table, as_of: date) -> list[date]:
    """The `as_of` of the lake's snapshots before `as_of`, oldest first, and `as_of` itself, in the lake or not."""
    return [*(date.fromisoformat(period) for period in lake.periods(table) if period < str(as_of)), as_of]


def _fingerprint(parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def _training(snapshots: Snapshots, as_of: date, params: ModelParams) -> Training:
    from jobs.forecasting import leak_check
    from jobs.forecasting.backtest import evaluate
    from jobs.forecasting.fit import fit
    from jobs.forecasting.plots import plots

    leak_check.check(snapshots, as_of=as_of, params=params)
    evaluation = evaluate(snapshots, as_of=as_of, params=params)
    for absent in evaluation.missing:
        log.warning("Not measured: %s", absent)
    return Training(
        forecaster=fit(snapshots, as_of=as_of, params=params, holdout=evaluation.holdout),
        backtest=None if evaluation.backtest is None else evaluation.backtest.forecaster,
        params=asdict(params) | {"snapshots": len(snapshots), "first_snapshot": str(min(snapshots))},
        metrics={**evaluation.metrics, GROUP_IMPORTANCE: evaluation.group_importance},
        figures=plots(evaluation),
        example=_example(snapshots[as_of]),
        not_measured=evaluation.missing,
    )


def _example(snapshot: pd.DataFrame) -> pd.DataFrame:
    """A few rows of what the model reads, without the customers' ids; every number as a double."""
    rows = snapshot.sort_values("customer_id", kind="stable").head(EXAMPLE_CUSTOMERS)
    whole_numbers = rows.select_dtypes("integer").columns
    names = [f"customer {number}" for number in range(1, len(rows) + 1)]
    return rows.assign(customer_id=names).astype(dict.fromkeys(whole_numbers, "float64"))


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

    origin = inputs_of(lake, table, as_of=as_of, params=present)
    snapshots = read_history(lake, table, present.max_customers, snapshots_until(lake, table, as_of))
    tuning = tune(snapshots, as_of=as_of, present=present, tried=tried)
    log.info("%d settings tried, adopted: %s; %s", len(tuning.trials) - 1, tuning.adopted, "; ".join(tuning.reasons))
    return registry.keep_tuning(asdict(tuning), origin)
