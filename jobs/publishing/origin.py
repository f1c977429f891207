"""Whether a forecast in the lake is the one that a run made, and whether its snapshot is still the one in the lake."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sqlalchemy import RowMapping

from jobs.features.table import features
from jobs.lake.lake import Lake
from jobs.lake.versions import Record


def foreign_origin(run: RowMapping, forecast: Record, lake: Lake, as_of: date) -> Iterator[str]:
    """Why a run must not publish a forecast, one reason at a time; none if it may.

    Args:
        run: the run's row of `sql/queries/run_forecast.sql`.
        forecast: the record of the forecast.
        lake: the lake that holds the snapshot.
        as_of: the first day after the data month.

    Raises:
        IncompleteError: the snapshot is not in the lake.
    """
    if run["forecast_fingerprint"] is None:
        yield "the run has not scored"
    elif run["forecast_fingerprint"] != forecast.fingerprint:
        yield "the lake holds another forecast than the run made"
    # The departments do not matter here: the table's name alone finds its record.
    if forecast.inputs.get("features") != lake.record(features(()), as_of).fingerprint:
        yield "the forecast was made from another snapshot than the lake holds now"


def foreign_model(run: RowMapping, forecast: Record) -> Iterator[str]:
    """Why a run must not publish a forecast that another model version made; none if its own made it."""
    expected, actual = f"{run['model_name']}/{run['model_version']}", forecast.inputs.get("model", "").partition(" ")[0]
    if actual != expected:
        yield f"the forecast was made by model {actual or 'unknown'}, but the run scores with {expected}"
