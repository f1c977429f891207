"""Why the total changed since the month before, and who changed value tier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, RowMapping

from jobs.core.postgres import fetch
from jobs.publishing.month_page.wording import Money

_ENDS = ("start", "end")
_MOVING_ON = ("months_rolling_off", "months_rolling_on")
"""The steps that change every total, and say nothing about the customers."""
_MOST_NAMED = 2
"""Steps that a sentence names."""

_LABELS = {
    "start": "A month before",
    "restatement": "Corrected data",
    "model": "New model version",
    "restatement_and_model": "Corrected data and model",
    "months_rolling_off": "Month that is over",
    "new_customers": "New customers",
    "first_orders": "First orders",
    "reactivated": "Reactivated customers",
    "lapsed": "Lapsed customers",
    "behaviour": "All other customers",
    "months_rolling_on": "New twelfth month",
    "end": "This month",
}
_MEANINGS = {
    "start": "total of the forecast that was published a month before",
    "restatement": "data of earlier months that was corrected since, and customers who are gone",
    "model": "what this month's model version says of last month's customers, less what the version before said",
    "restatement_and_model": "both in one: the model version before is gone",
    "months_rolling_off": "the first month of that forecast is over, as this month's version forecasts it",
    "new_customers": "not known a month before",
    "first_orders": "known, but had never ordered",
    "reactivated": "order again after a pause",
    "lapsed": "have not ordered for so long that their status changed",
    "behaviour": "expected to bring more, or less, than a month before",
    "months_rolling_on": "the forecast reaches a month further",
    "end": "total of this forecast",
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step from the total of the month before to this month's.

    Attributes:
        label: its name.
        meaning: what it is.
        net_value: a total for the two ends, else a change.
        total_after: the total once it is added.
        customers: customers that it is about.
        is_end: whether it is one of the two totals.
    """

    label: str
    meaning: str
    net_value: Any
    total_after: Any
    customers: int
    is_end: bool


@dataclass(frozen=True, kw_only=True)
class Movement:
    """What has moved since the month before.

    Attributes:
        steps: from one total to the other; empty where that is not known.
        tiers: customers by value tier and where they were before; empty where nothing is known of before.
        largest: the steps about customers, data and model that changed the total most.
    """

    steps: Sequence[Step]
    tiers: Sequence[RowMapping]
    largest: Sequence[Step]


def read_movement(engine: Engine, run_id: int) -> Movement:
    """What has moved since the month before, up to the forecast that a run has published."""
    rows = fetch(engine, "bridge", run_id=run_id)
    steps, total = [], 0
    for row in rows:
        is_end = row["step"] in _ENDS
        total = row["net_value"] if is_end else total + row["net_value"]
        steps.append(_step(row, total, is_end=is_end))
    about = [step for row, step in zip(rows, steps, strict=True) if row["step"] not in (*_ENDS, *_MOVING_ON)]
    largest = sorted((step for step in about if step.net_value), key=lambda step: -abs(step.net_value))
    tiers = fetch(engine, "tier_moves", run_id=run_id)
    was_known = any(tier["customers"] > tier["not_known_before"] for tier in tiers)
    return Movement(steps=steps, tiers=tiers if was_known else [], largest=largest[:_MOST_NAMED])


def why(movement: Movement, money: Money) -> str:
    """Why the total changed, in a sentence; empty where it is not known."""
    if not movement.steps:
        return ""
    start, end = movement.steps[0].net_value, movement.steps[-1].net_value
    said = f"The total changed by {money.change(end - start)} since the month before"
    if movement.largest:
        named = (f"{step.label.lower()} {money.change(step.net_value)}" for step in movement.largest)
        said += f". The largest reasons besides the months that move on: {', '.join(named)}"
    return f"{said}."


def who_moved(movement: Movement) -> str:
    """How many customers changed value tier, in a sentence; empty where it is not known."""
    if not movement.tiers:
        return ""
    up, down, stayed = (sum(tier[name] for tier in movement.tiers) for name in ("from_lower", "from_higher", "stayed"))
    return f"{up:,} customers moved to a higher value tier and {down:,} to a lower one; {stayed:,} stayed."


def _step(row: RowMapping, total: Any, *, is_end: bool) -> Step:
    name = row["step"]
    return Step(
        label=_LABELS.get(name, name),
        meaning=_MEANINGS.get(name, ""),
        net_value=row["net_value"],
        total_after=total,
        customers=row["customers"],
        is_end=is_end,
    )
