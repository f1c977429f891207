"""A plan in words: the note of the Airflow run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import RowMapping

from jobs.core.month import Month
from jobs.core.value_basis import NET_REVENUE
from jobs.landing.deliveries import TABLES
from jobs.planning.history import ranges
from jobs.planning.options import CHAMPION, REFUSE

if TYPE_CHECKING:
    from jobs.planning.run_plan import Plan

LONGEST = 1000
"""Characters that Airflow keeps."""

_MOST_NAMED = 3
_MOST_LISTED = 6


def note_of(plan: Plan, source: str) -> str:
    """The plan for people, a line a subject; `clv.run` has all of it where this is cut short."""
    lines = [
        _forecasts(plan, source),
        *_restated(plan),
        _ingests(plan),
        f"Builds {_span(plan.snapshots, 'snapshot')}."
        if plan.snapshots
        else "Rebuilds snapshots where inputs changed.",
        *(_special(plan) if plan.asked.is_special else _standard(plan)),
        *_gaps(plan),
    ]
    note = "\n".join(lines)
    return note if len(note) <= LONGEST else f"{note[: LONGEST - 1]}…"


def _forecasts(plan: Plan, source: str) -> str:
    dry = "DRY RUN, ends with this plan. " if plan.choices.is_dry_run else ""
    from_on = f"from {plan.month.as_of} on, shop {source}."
    if plan.asked.is_special:
        return f"{dry}Month {plan.month}: SPECIAL RUN, {plan.asked}, {from_on}"
    return f"{dry}Month {plan.month}: forecast of the twelve months {from_on}"


def _restated(plan: Plan) -> list[str]:
    if not plan.restated:
        return []
    fate = "refused unless restate=accept" if plan.choices.restate == REFUSE else "read again"
    named = "; ".join(str(one) for one in plan.restated[:_MOST_NAMED])
    more = len(plan.restated) - _MOST_NAMED
    return [f"RESTATED, {fate}: {named}{f'; and {more} more' if more > 0 else ''}."]


def _ingests(plan: Plan) -> str:
    absent = [table for table in TABLES if table not in plan.tables]
    files = sum(map(len, plan.files.values()))
    months = f"{len(plan.months)} month{'s' * (len(plan.months) > 1)} ({_few(ranges(plan.months))})"
    read = f"Ingests {months} of {', '.join(plan.tables)} from {files} file{'s' * (files != 1)}"
    return read + (f"; not delivered: {', '.join(absent)}." if absent else ".")


def _special(plan: Plan) -> list[str]:
    published = plan.history.published
    if plan.asked.value_basis != NET_REVENUE:
        model = f"Scores with this month's version of the model on {plan.asked.value_basis}, trained now if need be."
    elif published is not None:
        model = f"Scores with model version {published['model_version']}, which made the published forecast."
    else:
        model = "Scores with this month's model version, trained now if need be; the champion stays."
    return [model, "Adds to clv.special_forecast; the published forecasts stay as they are."]


def _standard(plan: Plan) -> list[str]:
    return [_model(plan), _replaces(plan.history.published), *_differs(plan)]


def _model(plan: Plan) -> str:
    if plan.choices.model != CHAMPION:
        return "Trains and registers a model version; the gate decides which version forecasts."
    champion = plan.history.champion
    known = f" (version {champion['model_version']} as decided last)" if champion else ""
    return f"Scores with today's champion{known}, trains nothing.{hindsight(champion, plan.month.as_of)}"


def hindsight(champion: RowMapping | None, as_of: date) -> str:
    """A warning where a champion has seen what came after `as_of`."""
    if champion is None or champion["as_of"] is None or champion["as_of"] <= as_of:
        return ""
    return f" It was trained as of {champion['as_of']}: for this month its figures are not out of time."


def _replaces(published: RowMapping | None) -> str:
    if published is None:
        return "Replaces nothing: the month has not been published."
    return (
        f"Replaces run {published['run_id']}: {published['forecast_rows']:,} customers, 12-month total "
        f"{published['clv_12m_total']:,.2f}, model version {published['model_version']}."
    )


def _differs(plan: Plan) -> list[str]:
    if plan.history.published is None:
        return []
    return [f"Differs from it in: {_few(', '.join(plan.differs)) or 'nothing'}."]


def _gaps(plan: Plan) -> list[str]:
    if not plan.history.unpublished:
        return []
    return [f"GAP: {_few(ranges(plan.history.unpublished))} before it not published; run that first, or backfill it."]


def _few(listed: str) -> str:
    """A list without its middle, where that is long."""
    parts = listed.split(", ")
    return listed if len(parts) <= _MOST_LISTED else ", ".join([*parts[:2], "…", parts[-1]])


def _span(periods: Sequence[date], noun: str) -> str:
    if len(periods) == 1:
        return f"1 {noun} ({periods[0]})"
    return f"{len(periods)} {noun}s ({periods[0]} to {periods[-1]})"


def restated_message(plan: Plan) -> str:
    """Why a run is refused, and what can be done."""
    months: list[Month] = [one.month for one in plan.restated]
    listed = "\n".join(f"  {one}" for one in plan.restated)
    return (
        f"{ranges(months)} changed at the source after being ingested:\n{listed}\n"
        f"If that is right, trigger month {plan.month} again with restate=accept: these months are read again, and "
        "what was made from them is rebuilt. If not, restore the delivery and clear this task. Nothing was changed"
    )
