"""What became of the delivered rows, and what the validation found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, RowMapping

from jobs.core.postgres import fetch
from jobs.publishing.month_page.wording import count, share

_STAGES = ("inputs", "features", "forecasts")
_MOST_BROKEN, _MOST_REASONS = 15, 15
"""Rules and reasons that a page lists."""


@dataclass(frozen=True, kw_only=True)
class DataQuality:
    """What is known of a run's data.

    Attributes:
        delivered: rows of the data month that were delivered, a row a table.
        rejected: why some were rejected, a row a table and reason.
        stages: what was validated, in the order of the run.
        broken: the rules that did not hold, critical ones first.
        failed: attempts at tasks that failed, a row a task.
    """

    delivered: Sequence[RowMapping]
    rejected: Sequence[RowMapping]
    stages: Sequence[RowMapping]
    broken: Sequence[RowMapping]
    failed: Sequence[RowMapping]

    @property
    def rejected_listed(self) -> Sequence[RowMapping]:
        """The most common reasons."""
        return self.rejected[:_MOST_REASONS]

    @property
    def broken_listed(self) -> Sequence[RowMapping]:
        """The first rules that did not hold."""
        return self.broken[:_MOST_BROKEN]


def read_data_quality(engine: Engine, run_id: int) -> DataQuality:
    """What is known of a run's data."""
    stages = fetch(engine, "validation_of_run", run_id=run_id)
    return DataQuality(
        delivered=fetch(engine, "delivered_rows", run_id=run_id),
        rejected=fetch(engine, "rejected_rows", run_id=run_id),
        stages=sorted(stages, key=lambda row: _STAGES.index(row["stage"]) if row["stage"] in _STAGES else len(_STAGES)),
        broken=fetch(engine, "broken_rules", run_id=run_id),
        failed=fetch(engine, "failed_attempts", run_id=run_id),
    )


def soundness(quality: DataQuality) -> str:
    """How sound the data is, in a sentence or two; empty where nothing is recorded."""
    return " ".join(filter(None, (_rows(quality), _rules(quality))))


def _rows(quality: DataQuality) -> str:
    if not quality.delivered:
        return ""
    delivered, rejected = (sum(row[name] for row in quality.delivered) for name in ("delivered", "rejected"))
    if not rejected:
        return f"All {count(delivered, 'delivered row')} were clean." if delivered else "No row was delivered."
    return f"{rejected:,} of {count(delivered, 'delivered row')} ({share(rejected / delivered)}) were rejected."


def _rules(quality: DataQuality) -> str:
    if not quality.stages:
        return ""
    rules, critical, warnings = (sum(row[name] for row in quality.stages) for name in ("rules", "critical", "warnings"))
    if not critical + warnings:
        return f"All {count(rules, 'validation rule')} held."
    broken = ", ".join(
        count(number, thing) for number, thing in ((critical, "critical one"), (warnings, "warning")) if number
    )
    return f"{critical + warnings:,} of {count(rules, 'validation rule')} did not hold: {broken}."
