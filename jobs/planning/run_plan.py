"""The plan of a run: the months to ingest, the snapshots to build, and what has changed since the published run."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from jobs.core.code_version import code_version
from jobs.core.month import Month
from jobs.lake.lake import Lake
from jobs.lake.old_layout import refuse_old_layout
from jobs.lake.tables import TRANSACTIONS, Table
from jobs.landing.layouts import Delivery
from jobs.landing.restatements import Restatement
from jobs.planning.history import DeliveredInputs, MonthHistory, differences
from jobs.planning.options import RunChoices
from jobs.planning.reading import reading
from jobs.sources.mapping import Source

SMALL_BYTES, SMALL_LINES = 20_000_000, 10_000_000
"""A run is small if it reads fewer bytes, and the lake holds fewer order lines."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The plan of a run.

    Attributes:
        month: the data month.
        value_basis: the measure of value.
        choices: how to make it.
        months: see `Reading`.
        reads_anything_new: see `Reading`.
        files: table → the files that hold these months.
        snapshots: the `as_of` of every snapshot that is missing in the lake, or stale because a month is restated;
            all in a forced run.
        restated: the ingested months whose delivery has changed.
        reread: the ingested months that were read with another mapping or other code → which of these changed.
        inputs: the fingerprints of the deliveries.
        history: the state of the month before the run.
        differs: the differences to the published run of the month.
        is_small: whether the tasks take seconds rather than minutes, which decides how Spark's JVM compiles.
    """

    month: Month
    value_basis: str
    choices: RunChoices
    months: Mapping[str, Sequence[Month]]
    reads_anything_new: bool
    files: Mapping[str, Sequence[Path]]
    snapshots: Sequence[date]
    restated: Sequence[Restatement]
    reread: Mapping[Month, Collection[str]]
    inputs: DeliveredInputs
    history: MonthHistory
    differs: Sequence[str]
    is_small: bool

    @property
    def needs_acceptance(self) -> bool:
        """Whether the run changes what published forecasts were made from, which only `restate=accept` allows."""
        return bool(self.restated or self.published_from_reread)

    @property
    def published_from_reread(self) -> Sequence[Month]:
        """The published months whose forecast was made from months that are read again."""
        if not self.reread:
            return []
        return sorted(month for month in self.history.published_months if month >= min(self.reread))


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a plan is made from: the mapping, the deliveries, the lake, its features table, and the landing's cache."""

    source: Source
    delivered: Mapping[str, Delivery]
    lake: Lake
    features: Table
    cache: Path


def make_plan(month: Month, surroundings: Surroundings, history: MonthHistory, choices: RunChoices) -> Plan:
    """Plan a run of a month from the deliveries and the lake.

    Raises:
        LandingError: a month to ingest has not been delivered, although later months have.
        OldLayoutError: the lake is not converted yet.
    """
    delivered, lake = surroundings.delivered, surroundings.lake
    refuse_old_layout(lake)
    inputs = _inputs(delivered, month)
    read = reading(
        month,
        surroundings.source,
        delivered,
        lake,
        inputs,
        history,
        cache=surroundings.cache,
        is_forced=choices.is_forced,
    )
    until_now = delivered["transactions"].first.through(month)
    files = {table: delivery.files_of(read.months.get(table, ())) for table, delivery in delivered.items()}
    return Plan(
        month=month,
        value_basis=surroundings.source.value_basis,
        choices=choices,
        months=read.months,
        reads_anything_new=read.is_new,
        files=files,
        snapshots=[
            past.as_of
            for past in until_now
            if past >= read.first_changed or not lake.is_complete(surroundings.features, past.as_of)
        ],
        restated=read.restated,
        reread=read.reread,
        inputs=inputs,
        history=history,
        differs=_differs(inputs, history, choices),
        is_small=_bytes(files.values()) < SMALL_BYTES and _lines(lake) < SMALL_LINES,
    )


def _bytes(files: Iterable[Sequence[Path]]) -> int:
    return sum(path.stat().st_size for of_table in files for path in of_table)


def _lines(lake: Lake) -> int:
    return sum(lake.record(TRANSACTIONS, Month.parse(month)).rows for month in lake.periods(TRANSACTIONS))


def _inputs(delivered: Mapping[str, Delivery], month: Month) -> DeliveredInputs:
    """The fingerprints of all deliveries for the months up to and including `month`."""
    return {
        table: {past: delivery.fingerprint(past) for past in delivery.months if past <= month}
        for table, delivery in sorted(delivered.items())
    }


def input_fingerprint(inputs: DeliveredInputs) -> str:
    """One hash of all inputs."""
    digest = hashlib.sha256()
    for table, months in inputs.items():
        for month, fingerprint in months.items():
            digest.update(f"{table} {month} {fingerprint}\n".encode())
    return digest.hexdigest()


def _differs(inputs: DeliveredInputs, history: MonthHistory, choices: RunChoices) -> list[str]:
    if history.planned_with is None:
        return []
    return differences(
        history.planned_with,
        inputs,
        input_fingerprint=input_fingerprint(inputs),
        code_version=code_version(),
        model_choice=choices.model,
    )
