"""How far the month is from those that its model was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, RowMapping

from jobs.core.month import Month
from jobs.core.postgres import fetch
from jobs.publishing.month_page.wording import count, month_name

_MOST_LISTED = 10

KINDS = {"input": "Input of the model", "forecast": "Forecast", "mix": "Mix of customers"}
"""What is compared, as a page names it."""


@dataclass(frozen=True, kw_only=True)
class Drift:
    """What was compared, the furthest first; nothing where it was not measured."""

    compared: Sequence[RowMapping]

    @property
    def drifted(self) -> Sequence[RowMapping]:
        """What is beyond its threshold."""
        return [row for row in self.compared if row["is_drifted"]]

    @property
    def is_judged(self) -> bool:
        """Whether there are thresholds: the months of the training hold a year."""
        return any(row["threshold"] is not None for row in self.compared)

    @property
    def listed(self) -> Sequence[RowMapping]:
        """The furthest ones."""
        return self.compared[:_MOST_LISTED]

    @property
    def months(self) -> str:
        """The months of the training: `December 2010 to November 2011`."""
        ends = (min(row["first_as_of"] for row in self.compared), max(row["last_as_of"] for row in self.compared))
        first, last = (month_name(Month.before(as_of).first_day) for as_of in ends)
        return first if first == last else f"{first} to {last}"


def read_drift(engine: Engine, run_id: int) -> Drift:
    """How far the month that a run has published is from those of the training."""
    return Drift(compared=fetch(engine, "drift", run_id=run_id))


def distance(drift: Drift, status: str) -> str:
    """How far the month of a run is from those of the training, in a sentence."""
    if not drift.compared and status != "published":
        return f"Readers see no drift of this run: it is {status}."
    if not drift.compared:
        return "Drift was not measured: the log of the task publish.measure_drift says why."
    if not drift.is_judged:
        return (
            "Drift is not judged before the months of the training hold a year: until then, each season is new to it."
        )
    number, of = len(drift.drifted), count(len(drift.compared), "distribution")
    verb = "differ" if number > 1 else "differs"
    return f"{number or 'None'} of {of} {verb} markedly from the months that the model was trained on."
