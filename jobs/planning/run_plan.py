"""What a run of a month has to do: the months to read, the snapshots to build, what changed, what it differs in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from jobs.core.code_version import code_version
from jobs.core.month import Month
from jobs.lake.lake import Lake
from jobs.lake.tables import Table
from jobs.landing.deliveries import TABLES
from jobs.landing.files import LandingError
from jobs.landing.layouts import Delivery
from jobs.landing.restatements import Restatement, changes, restatement
from jobs.planning.history import DeliveredInputs, MonthHistory, differences, ranges
from jobs.planning.options import RunChoices, RunParameters
from jobs.sources.mapping import Source


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run will do.

    Attributes:
        month: the data month.
        asked: what the run is asked for.
        choices: how it goes about it.
        tables: the tables that are delivered.
        months: the months to ingest: those the lake lacks of any table with times, those that changed, and always the
            data month.
        files: table → the files that these months are read from.
        snapshots: the `as_of` of every snapshot that the lake lacks or that a restated month makes stale.
        restated: the ingested months that are delivered otherwise now.
        inputs: what is delivered, by fingerprint.
        history: what is known of the month before the run.
        differs: what the run differs in from the published one of its month.
    """

    month: Month
    asked: RunParameters
    choices: RunChoices
    tables: Sequence[str]
    months: Sequence[Month]
    files: Mapping[str, Sequence[Path]]
    snapshots: Sequence[date]
    restated: Sequence[Restatement]
    inputs: DeliveredInputs
    history: MonthHistory
    differs: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Where a plan looks: the mapping, what was delivered, the lake, its features table, and the copies of files."""

    source: Source
    delivered: Mapping[str, Delivery]
    lake: Lake
    features: Table
    cache: Path


def make_plan(
    month: Month, surroundings: Surroundings, history: MonthHistory, asked: RunParameters, choices: RunChoices
) -> Plan:
    """What a run of a month has to do, given what was delivered and what the lake holds.

    A data month that is not published yet may be delivered anew without being called restated.

    Raises:
        LandingError: a month that has to be read is missing in between.
    """
    delivered, lake = surroundings.delivered, surroundings.lake
    until_now = delivered["transactions"].first.through(month)
    events = {table: delivery for table, delivery in delivered.items() if delivery.has_times}
    inputs = _inputs(delivered, month)
    known = until_now if history.published is not None else until_now[:-1]
    changed = {table: changes(delivery, lake, known, inputs[table]) for table, delivery in events.items()}
    again = {past for one in changed.values() for past in (*one.restated, *one.undated)}
    months = [
        past
        for past in until_now
        if past == month or past in again or not all(lake.is_complete(TABLES[table], past) for table in events)
    ]
    _refuse_gaps(events, months)
    restated = [
        restatement(surroundings.source, events[table], lake, past, cache=surroundings.cache)
        for table, one in changed.items()
        for past in one.restated
    ]
    stale_from = min((one.month for one in restated), default=month.plus(1))
    return Plan(
        month=month,
        asked=asked,
        choices=choices,
        tables=[table for table in TABLES if table in delivered],
        months=months,
        files={table: delivery.files_of(months) for table, delivery in delivered.items()},
        snapshots=[
            past.as_of
            for past in until_now
            if past >= stale_from or not lake.is_complete(surroundings.features, past.as_of)
        ],
        restated=restated,
        inputs=inputs,
        history=history,
        differs=_differs(inputs, history, choices),
    )


def _inputs(delivered: Mapping[str, Delivery], month: Month) -> DeliveredInputs:
    """The fingerprint of everything that was delivered for the months up to and including `month`."""
    return {
        table: {
            past: delivery.fingerprint(past) for past in [past for past in delivery.months if past <= month] or [month]
        }
        for table, delivery in sorted(delivered.items())
    }


def input_fingerprint(inputs: DeliveredInputs) -> str:
    """One hash of all inputs."""
    digest = hashlib.sha256()
    for table, months in inputs.items():
        for month, fingerprint in months.items():
            digest.update(f"{table} {month} {fingerprint}\n".encode())
    return digest.hexdigest()


def _refuse_gaps(events: Mapping[str, Delivery], months: Sequence[Month]) -> None:
    for table, delivery in events.items():
        missing = delivery.missing(months)
        if missing:
            raise LandingError(
                f"{table} of {ranges(missing)} are missing: no run goes over a gap. Deliver them (a month's folder "
                "counts once it holds _SUCCESS), then clear this task"
            )


def _differs(inputs: DeliveredInputs, history: MonthHistory, choices: RunChoices) -> list[str]:
    if history.planned_with is None:
        return []
    now = {"input_fingerprint": input_fingerprint(inputs), "code_version": code_version()}
    return differences(history.planned_with, inputs, **now, model_choice=choices.model)
