"""A plan as text: the note of the Airflow run."""

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
"""In characters; a limit of Airflow."""

_READING = {"mapping": "the mapping", "code": "the code that reads and cleans rows"}
_MOST_NAMED = 3
_MOST_LISTED = 6


def note_of(plan: Plan, source: str) -> str:
    """The plan as text, one line per subject, cut at `LONGEST`; `clv.run` has the full plan."""
    lines = [
        _forecasts(plan, source),
        *_forced(plan),
        *_restated(plan),
        *_reread(plan),
        _ingests(plan),
        f"Builds {_span(plan.snapshots, 'snapshot')}."
        if plan.snapshots
        else "Rebuilds snapshots where inputs changed.",
        _model(plan),
        _replaces(plan.history.published),
        *_differs(plan),
        *_gaps(plan),
    ]
    note = "\n".join(lines)
    return note if len(note) <= LONGEST else f"{note[: LONGEST - 1]}…"


def _forecasts(plan: Plan, source: str) -> str:
    dry = "DRY RUN, ends with this plan. " if plan.choices.is_dry_run else ""
    from_on = f"from {plan.month.as_of} on, shop {source}."
    what = "" if plan.value_basis == NET_REVENUE else f" of the {plan.value_basis}"
    return f"{dry}Month {plan.month}: forecast{what} of the twelve months {from_on}"


def _forced(plan: Plan) -> list[str]:
    if not plan.choices.is_forced:
        return []
    return [f"FORCED: everything is computed again{' but the model' if plan.choices.model == CHAMPION else ''}."]


def _restated(plan: Plan) -> list[str]:
    if not plan.restated:
        return []
    action = "refused unless restate=accept" if plan.choices.restate == REFUSE else "ingested again"
    named = "; ".join(str(restatement) for restatement in plan.restated[:_MOST_NAMED])
    more = len(plan.restated) - _MOST_NAMED
    return [f"RESTATED, {action}: {named}{f'; and {more} more' if more > 0 else ''}."]


def _reread(plan: Plan) -> list[str]:
    if not plan.reread:
        return []
    refused = ", refused unless restate=accept" if plan.needs_acceptance and plan.choices.restate == REFUSE else ""
    return [f"READ AGAIN{refused}: {_reread_months(plan)}."]


def _reread_months(plan: Plan) -> str:
    months, changed = list(plan.reread), sorted(set().union(*plan.reread.values()), reverse=True)
    named = " and ".join(_READING[name] for name in changed)
    return f"{len(months)} month{'s' * (len(months) > 1)} ({_few(ranges(months))}), because {named} changed"


def _ingests(plan: Plan) -> str:
    if not plan.reads_anything_new and not plan.snapshots:
        return "Reads nothing new: the lake holds every month as it is delivered."
    absent = [table for table in TABLES if table not in plan.months]
    files = sum(map(len, plan.files.values()))
    orders = plan.months["transactions"]
    months = f"{len(orders)} month{'s' * (len(orders) > 1)} ({_few(ranges(orders))})"
    read = f"Ingests {months} of {', '.join(plan.months)} from {files} file{'s' * (files != 1)}"
    return read + (f"; not delivered up to this month: {', '.join(absent)}." if absent else ".")


def _model(plan: Plan) -> str:
    if plan.choices.model != CHAMPION:
        return "Trains a model version, unless one of the same inputs exists; the gate decides which version forecasts."
    champion = plan.history.champion
    known = f" (version {champion['model_version']} by the last decision)" if champion else ""
    return f"Scores with today's champion{known}, trains nothing.{hindsight(champion, plan.month.as_of)}"


def hindsight(champion: RowMapping | None, as_of: date) -> str:
    """A warning if the champion was trained on data from after `as_of`; else empty."""
    if champion is None or champion["as_of"] is None or champion["as_of"] <= as_of:
        return ""
    return f" It was trained as of {champion['as_of']}, so its accuracy for this month is not out-of-sample."


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
    months = _few(ranges(plan.history.unpublished))
    return [f"GAP: {months} before it not published. Run those months first, or backfill them."]


def _few(listed: str) -> str:
    """A comma-separated list, without its middle if it is long."""
    parts = listed.split(", ")
    return listed if len(parts) <= _MOST_LISTED else ", ".join([*parts[:2], "…", parts[-1]])


def _span(periods: Sequence[date], noun: str) -> str:
    if len(periods) == 1:
        return f"1 {noun} ({periods[0]})"
    return f"{len(periods)} {noun}s ({periods[0]} to {periods[-1]})"


def refusal_of(plan: Plan) -> str:
    """Why a run is refused that needs acceptance, and what to do."""
    return _restated_message(plan) if plan.restated else _reread_message(plan)


def _reread_message(plan: Plan) -> str:
    published = _few(ranges(plan.published_from_reread))
    return (
        f"{_reread_months(plan)}: a run reads them again, and the published forecasts of {published} were made "
        f"from them and may change. If that is intended, trigger month {plan.month} again with restate=accept. If not, "
        "deploy the earlier mapping and code and clear this task. Nothing has been changed"
    )


def _restated_message(plan: Plan) -> str:
    months: list[Month] = [restatement.month for restatement in plan.restated]
    listed = "\n".join(f"  {restatement}" for restatement in plan.restated)
    return (
        f"{ranges(months)} changed at the source after being ingested:\n{listed}\n"
        f"If the new delivery is correct, trigger month {plan.month} again with restate=accept: these months are "
        "ingested again, and what was made from them is rebuilt. If not, restore the delivery and clear this task. "
        "Nothing has been changed"
    )
