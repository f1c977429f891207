"""Train a model on data from before `as_of`, evaluate it on a holdout, and register it as a version."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import date
from typing import TYPE_CHECKING

from jobs.core.code_version import code_fingerprint
from jobs.forecasting.params import ModelParams
from jobs.lake.lake import Lake
from jobs.lake.tables import Table
from jobs.models.model_version import Training, TrainingInputs, library_versions
from jobs.models.registry import Registry

if TYPE_CHECKING:
    import pandas as pd

    from jobs.features.rfm_cuts import RfmCuts
    from jobs.forecasting.outcomes import Snapshots

log = logging.getLogger(__name__)

EXAMPLE_CUSTOMERS = 5
GROUP_IMPORTANCE = "theme_importance"
"""The prefix of the feature groups' importances among the metrics in MLflow, in the place of a candidate."""


def train(
    lake: Lake, table: Table, registry: Registry, *, as_of: date, params: ModelParams, is_forced: bool = False
) -> int:
    """Train and register a version, unless one with the same snapshots, settings, code and libraries exists.

    If forced, another version is registered, with the same bytes; the gate judges it anew.

    Returns:
        The number of the new or existing version.

    Raises:
        IncompleteError: the snapshot as of `as_of` is not in the lake.
        InputError: there are too few earlier snapshots, or they lack columns.
        LeakError: a forecast depends on data from after it was made.
    """
    inputs = inputs_of(lake, table, as_of=as_of, params=params)
    existing = None if is_forced else registry.find(inputs)
    if existing is not None:
        log.info("Version %s has the same snapshots, settings and code: nothing to train", existing)
        return existing

    from jobs.models.training_data import read_columns, read_history, read_rfm_cuts

    days = snapshots_until(lake, table, as_of)
    snapshots = read_history(lake, table, params.max_customers, days, read_columns(table))
    return registry.register(_training(snapshots, as_of, params, read_rfm_cuts(lake, table, as_of)), inputs)


def params_of(registry: Registry, *, as_of: date) -> ModelParams:
    """The settings of a training as of `as_of`: those of the newest tuning up to that day, or the defaults."""
    tuned = registry.tuned(as_of)
    return ModelParams() if tuned is None else ModelParams.of(tuned)


def inputs_of(lake: Lake, table: Table, *, as_of: date, params: ModelParams) -> TrainingInputs:
    """The inputs of a training as of `as_of`; raises IncompleteError if that snapshot is not in the lake."""
    snapshots = snapshots_until(lake, table, as_of)
    return TrainingInputs(
        as_of=str(as_of),
        input_fingerprint=fingerprint_of({str(day): lake.record(table, day).fingerprint for day in snapshots}),
        params_fingerprint=fingerprint_of(asdict(params)),
        code_fingerprint=code_fingerprint(__name__),
        libraries=library_versions(),
    )


def snapshots_until(lake: Lake, table: Table, as_of: date) -> list[date]:
    """The dates of the lake's snapshots before `as_of`, oldest first, then `as_of`, in the lake or not."""
    return [*(date.fromisoformat(period) for period in lake.periods(table) if period < str(as_of)), as_of]


def fingerprint_of(parts: object) -> str:
    """A hash of a JSON value."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def _training(snapshots: Snapshots, as_of: date, params: ModelParams, rfm_cuts: RfmCuts) -> Training:
    from jobs.forecasting import leak_check
    from jobs.forecasting.backtest import evaluate
    from jobs.forecasting.fit import fit
    from jobs.forecasting.plots import plots

    leak_check.check(snapshots, as_of=as_of, params=params)
    evaluation = evaluate(snapshots, as_of=as_of, params=params)
    for absent in evaluation.missing:
        log.warning("Not measured: %s", absent)
    return Training(
        forecaster=replace(fit(snapshots, as_of=as_of, params=params, holdout=evaluation.holdout), rfm_cuts=rfm_cuts),
        backtest=None if evaluation.backtest is None else evaluation.backtest.forecaster,
        params=asdict(params) | {"snapshots": len(snapshots), "first_snapshot": str(min(snapshots))},
        metrics={**evaluation.metrics, GROUP_IMPORTANCE: evaluation.group_importance},
        figures=plots(evaluation),
        example=example_of(snapshots[as_of]),
        not_measured=evaluation.missing,
    )


def example_of(snapshot: pd.DataFrame) -> pd.DataFrame:
    """A few made-up rows as the model's input example: each column's own quantiles, every number as a double.

    No row is that of a customer: models are kept when a customer is erased.
    """
    rows = snapshot.head(EXAMPLE_CUSTOMERS).reset_index(drop=True)
    step = max(len(snapshot) - 1, 1) // max(len(rows) - 1, 1)
    rows = rows.assign(
        **{str(name): column.sort_values().array[::step][: len(rows)] for name, column in snapshot.items()}
    )
    whole_numbers = rows.select_dtypes("integer").columns
    names = [f"customer {number}" for number in range(1, len(rows) + 1)]
    return rows.assign(customer_id=names).astype(dict.fromkeys(whole_numbers, "float64"))


def tune_month(
    lake: Lake, table: Table, registry: Registry, *, as_of: date, present: ModelParams, tried: Iterable[ModelParams]
) -> str:
    """Tune on data from before `as_of` and log the result; the id of its run in MLflow.

    Args:
        lake: the lake.
        table: its features table.
        registry: where the result is logged.
        as_of: first day after the last month of the data.
        present: the settings in use.
        tried: the settings to compare with them.

    Raises:
        IncompleteError: the snapshot as of `as_of` is not in the lake.
        InputError: the history is too short to select settings on some months and confirm them on others.
    """
    from jobs.forecasting.tuning import tune
    from jobs.models.training_data import read_columns, read_history

    inputs = inputs_of(lake, table, as_of=as_of, params=present)
    days = snapshots_until(lake, table, as_of)
    snapshots = read_history(lake, table, present.max_customers, days, read_columns(table))
    tuning = tune(snapshots, as_of=as_of, present=present, tried=tried)
    log.info("%d settings tried; adopted: %s; %s", len(tuning.trials) - 1, tuning.adopted, "; ".join(tuning.reasons))
    return registry.keep_tuning(asdict(tuning), inputs)
