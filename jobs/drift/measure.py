"""Compare a published month with the months that its model was trained on, and record how far it is from them."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd
import pyarrow.compute as pc
from sqlalchemy import Engine

from jobs.core.postgres import fetch, statement
from jobs.core.value_basis import NET_REVENUE
from jobs.drift.stability import PSI, THRESHOLD, Comparison, categories, compare_categories, compare_numbers
from jobs.lake.arrow import read_rows, with_doubles
from jobs.lake.lake import Lake
from jobs.lake.tables import FORECASTS, Table
from jobs.models.artifacts import GoneError
from jobs.models.registry import Registry
from jobs.models.training_data import read_history

log = logging.getLogger(__name__)

REFERENCE_MONTHS = 12
"""A year, so that each season is in the reference once. Nothing is judged by a shorter reference."""
SAMPLED_CUSTOMERS = 10_000
"""Customers that are compared, the same ones in each month; the mix is that of all customers."""

FORECAST_COLUMNS = ("clv_12m", "p_active_12m")

_MOST_NAMED = 5
"""Distributions that a warning names."""


@dataclass(frozen=True)
class Compared:
    """A distribution of the month beside the same one of earlier months.

    Attributes:
        kind: `input`, `forecast` or `mix`.
        name: the column.
        comparison: the two distributions.
        months: the earlier months, oldest first.
    """

    kind: str
    name: str
    comparison: Comparison
    months: Sequence[date]

    @property
    def threshold(self) -> float | None:
        """The index beyond which it has drifted; None if that cannot be told yet."""
        return THRESHOLD if len(self.months) == REFERENCE_MONTHS else None

    @property
    def is_drifted(self) -> bool:
        """Whether the index is beyond the threshold."""
        return self.threshold is not None and self.comparison.psi > self.threshold


def measure_drift(
    engine: Engine, registry: Registry, lake: Lake, table: Table, *, as_of: date, value_basis: str = NET_REVENUE
) -> list[Compared]:
    """Record the drift of a published month; what was compared: nothing where there is no month to compare with.

    Where MLflow does not hold the month's model version any more, nobody knows what it was trained on: the drift stays
    as it was measured before, and the log says why.

    Raises:
        IncompleteError: the month's snapshot is not in the lake.
    """
    for published in fetch(engine, "published_run", as_of=as_of, value_basis=value_basis):
        try:
            reference = _reference(registry, lake, table, published["model_version"], as_of)
        except GoneError as error:
            log.warning("No drift of %s: %s. What was measured before is kept", as_of, error)
            return []
        if not reference:
            log.info("No drift of %s: the lake holds no month that the model was trained on", as_of)
            return []
        compared = [
            *_inputs_and_forecasts(lake, table, reference, as_of),
            *_mix(engine, reference, as_of, value_basis),
        ]
        _record(engine, published["load_id"], compared)
        for item in compared:
            if item.is_drifted:
                log.warning("%s: the %s %s has drifted: PSI %.2f", as_of, item.kind, item.name, item.comparison.psi)
        return compared
    log.info("No drift of %s: nothing is published", as_of)
    return []


def warning_of(compared: Sequence[Compared]) -> str:
    """What has drifted, on one line, the furthest first; empty if nothing has."""
    drifted = sorted((item for item in compared if item.is_drifted), key=lambda item: -item.comparison.psi)
    if not drifted:
        return ""
    named = ", ".join(f"{item.kind} {item.name} (PSI {item.comparison.psi:.2f})" for item in drifted[:_MOST_NAMED])
    return f"{len(drifted)} of {len(compared)} distributions differ from the months of the training: {named}"


def _reference(registry: Registry, lake: Lake, table: Table, version: int, as_of: date) -> list[date]:
    """The newest snapshots that a version learned from: their outcomes were known when it was trained."""
    until = min(registry.version(version).as_of, as_of)
    snapshots = [date.fromisoformat(period) for period in lake.periods(table)]
    return [day for day in snapshots if day < until][-REFERENCE_MONTHS:]


def _inputs_and_forecasts(lake: Lake, table: Table, reference: Sequence[date], as_of: date) -> Iterator[Compared]:
    history = read_history(lake, table, SAMPLED_CUSTOMERS, [*reference, as_of])
    today = history.pop(as_of)
    customers = today["customer_id"].tolist()
    for name in sorted(set(today.columns) - {"customer_id"}):
        before = pd.concat([snapshot[name] for snapshot in history.values()], ignore_index=True)
        if pd.api.types.is_numeric_dtype(today[name]):
            yield Compared("input", name, compare_numbers(before, today[name]), reference)
        elif not pd.api.types.is_datetime64_any_dtype(today[name]):
            compared = compare_categories(categories(before), categories(today[name]))
            yield Compared("input", name, compared, reference)
    forecast_before = [day for day in reference if lake.is_complete(FORECASTS, day)]
    if not forecast_before:
        return
    before = _forecasts(lake, forecast_before, customers)
    forecast = _forecasts(lake, [as_of], customers)
    for name in FORECAST_COLUMNS:
        yield Compared("forecast", name, compare_numbers(before[name], forecast[name]), forecast_before)


def _forecasts(lake: Lake, days: Sequence[date], customers: Sequence[str]) -> pd.DataFrame:
    """The compared columns of some customers' forecasts, as doubles."""
    in_sample = pc.field("customer_id").isin(customers)
    rows = read_rows(lake, FORECASTS, days, FORECAST_COLUMNS, in_sample)
    frame: pd.DataFrame = with_doubles(rows).to_pandas().astype("float64")
    return frame


def _mix(engine: Engine, reference: Sequence[date], as_of: date, value_basis: str) -> Iterator[Compared]:
    months = {"first_as_of": reference[0], "last_as_of": as_of}
    rows = pd.DataFrame(fetch(engine, "mix", **months, value_basis=value_basis))
    if rows.empty:
        return
    rows["customers"] = rows["customers"].astype("int64")
    before = rows[rows["as_of"].isin(reference)]
    for name, today in rows[rows["as_of"] == as_of].groupby("segment_by"):
        earlier = before[before["segment_by"] == name]
        if not earlier.empty:
            counts = (part.groupby("segment")["customers"].sum() for part in (earlier, today))
            yield Compared("mix", str(name), compare_categories(*counts), sorted(set(earlier["as_of"])))


def _record(engine: Engine, load_id: int, compared: Sequence[Compared]) -> None:
    rows = [
        {
            "load_id": load_id,
            "kind": item.kind,
            "name": item.name,
            "statistic": PSI,
            "value": item.comparison.psi,
            "threshold": item.threshold,
            "first_as_of": item.months[0],
            "last_as_of": item.months[-1],
            "bins": item.comparison.bins,
            "reference_shares": item.comparison.reference_shares,
            "month_shares": item.comparison.shares,
        }
        for item in compared
    ]
    with engine.begin() as connection:
        connection.execute(statement("clear_drift"), {"load_id": load_id})
        connection.execute(statement("record_drift"), rows)
