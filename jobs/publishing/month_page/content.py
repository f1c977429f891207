"""What the page of a run tells: read from the forecast database, as it was known at the run's `as_of`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Engine, RowMapping

from jobs.core.month import HORIZON_MONTHS
from jobs.core.postgres import fetch
from jobs.core.settings import MODEL

_MOST_SEGMENTS = 15
_ORDER = ("status", "tier", "country", "membership", "main_department")
"""Of the tables; what customers are grouped by besides comes behind."""
_FEWEST_FORECASTS = 3
"""A plot over time shows the longest horizon with so many forecasts, or the longest there is."""


class UnknownRunError(LookupError):
    """The run does not exist."""


@dataclass(frozen=True, kw_only=True)
class Segment:
    """Customers who have something in common, over twelve months.

    Attributes:
        name: what they have in common.
        customers: how many they are.
        net_value: their expected value.
        p10: the lower end of its interval; None where none is known.
        p90: the upper end.
        net_value_before: what was forecast a month before; None where nothing was.
    """

    name: str
    customers: int
    net_value: Any
    p10: Any = None
    p90: Any = None
    net_value_before: Any = None


@dataclass(frozen=True, kw_only=True)
class Total:
    """All customers over a horizon.

    Attributes:
        months: how long it is.
        customers: how many customers there are.
        net_value: their expected value.
        p10: the lower end of its interval; None where none is known.
        p90: the upper end.
        net_value_before: what was forecast a month before, of the same months or, as that ended a month earlier, of
            its own twelve; None where nothing was.
    """

    months: int
    customers: int
    net_value: Any
    p10: Any
    p90: Any
    net_value_before: Any


@dataclass(frozen=True, kw_only=True)
class Content:
    """The rows behind a page.

    Attributes:
        run: the run, and how it stands.
        totals: of all customers, by horizon.
        months: the forecast months.
        actual: the twelve months before.
        segments: what customers are grouped by → the segments.
        record: a row a horizon that has matured.
        record_months: the horizon of the two plots of the record; None where nothing has matured.
        past_totals: what was forecast over that horizon, and what came.
        deciles: the same by tenths of the customers.
        tasks: what each task counted.
        failed: attempts that failed, a row a task.
        decision: what the gate decided; None where it did not.
    """

    run: RowMapping
    totals: Sequence[Total]
    months: Sequence[RowMapping]
    actual: Sequence[RowMapping]
    segments: Mapping[str, Sequence[Segment]]
    record: Sequence[RowMapping]
    record_months: int | None
    past_totals: Sequence[RowMapping]
    deciles: Sequence[RowMapping]
    tasks: Sequence[RowMapping]
    failed: Sequence[RowMapping]
    decision: RowMapping | None

    @property
    def year(self) -> Total | None:
        """The total of twelve months; None where readers see nothing of the run."""
        return next((total for total in self.totals if total.months == HORIZON_MONTHS), None)


def read_run(engine: Engine, run_id: int) -> RowMapping:
    """A run, how it stands and what it published; raises UnknownRunError if it does not exist."""
    runs = fetch(engine, "run", run_id=run_id)
    if not runs:
        raise UnknownRunError(f"there is no run {run_id} in this database: the run id is in the plan task's result")
    return runs[0]


def read_content(engine: Engine, run_id: int) -> Content:
    """What the page of a run tells.

    Raises:
        UnknownRunError: the run does not exist.
    """
    run = read_run(engine, run_id)
    as_of = run["as_of"]
    totals = fetch(engine, "outlook_totals", run_id=run_id)
    record = fetch(engine, "record_by_horizon", as_of=as_of)
    ahead = fetch(engine, "outlook_months", run_id=run_id)
    months = _plotted_horizon(record)
    return Content(
        run=run,
        totals=[_total(row, ahead) for row in totals if row["segment_by"] == "all"],
        months=ahead,
        actual=fetch(engine, "actual_totals", as_of=as_of),
        segments=_segments(totals),
        record=record,
        record_months=months,
        past_totals=fetch(engine, "record_totals_over_time", as_of=as_of, months=months),
        deciles=fetch(engine, "record_by_decile", as_of=as_of, months=months),
        tasks=fetch(engine, "run_tasks", run_id=run_id),
        failed=fetch(engine, "failed_attempts", run_id=run_id),
        decision=next(iter(fetch(engine, "decision_of_month", run_id=run_id, model_name=MODEL)), None),
    )


def _plotted_horizon(record: Sequence[RowMapping]) -> int | None:
    measured = [row["horizon_months"] for row in record]
    often = [row["horizon_months"] for row in record if row["forecasts"] >= _FEWEST_FORECASTS]
    return max(often or measured, default=None)


def _total(row: RowMapping, ahead: Sequence[RowMapping]) -> Total:
    months, before = row["horizon_months"], row["net_value_before"]
    if months < HORIZON_MONTHS:
        same = [month["net_value_before"] for month in ahead[:months]]
        before = sum(same) if len(same) == months and None not in same else None
    names = ("customers", "net_value", "p10", "p90")
    return Total(months=months, net_value_before=before, **{name: row[name] for name in names})


def _segments(totals: Sequence[RowMapping]) -> dict[str, list[Segment]]:
    """The segments by what they have in common, the most valuable first; tiers in their order."""
    year = [row for row in totals if row["horizon_months"] == HORIZON_MONTHS and row["segment_by"] != "all"]
    grouped = {name: list(rows) for name, rows in groupby(year, key=lambda row: row["segment_by"])}
    names = sorted(grouped, key=lambda name: (_ORDER.index(name) if name in _ORDER else len(_ORDER), name))
    return {name: _fewer([_segment(row) for row in _ordered(name, grouped[name])]) for name in names}


def _ordered(segment_by: str, rows: list[RowMapping]) -> list[RowMapping]:
    return sorted(rows, key=lambda row: (len(row["segment"]), row["segment"])) if segment_by == "tier" else rows


def _segment(row: RowMapping) -> Segment:
    names = ("customers", "net_value", "p10", "p90", "net_value_before")
    return Segment(name=row["segment"], **{name: row[name] for name in names})


def _fewer(segments: list[Segment]) -> list[Segment]:
    """The first ones, and one for all others: their intervals cannot be added up."""
    if len(segments) <= _MOST_SEGMENTS:
        return segments
    others = segments[_MOST_SEGMENTS - 1 :]
    rest = Segment(
        name=f"{len(others)} others",
        customers=sum(segment.customers for segment in others),
        net_value=sum(segment.net_value for segment in others),
    )
    return [*segments[: _MOST_SEGMENTS - 1], rest]
