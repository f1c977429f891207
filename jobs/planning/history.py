"""The state in which a new run finds its month: the published run, unpublished earlier months, the champion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, RowMapping

from jobs.core.month import Month
from jobs.core.postgres import fetch
from jobs.core.settings import Settings

DeliveredInputs = Mapping[str, Mapping[Month, str]]
"""Table → month → fingerprint of the delivery."""


@dataclass(frozen=True, kw_only=True)
class MonthHistory:
    """A month's state before a run of it is planned.

    Attributes:
        published: the month's published run, with its totals; None if the month is not published.
        planned_with: the inputs, code and choices that the published run was planned with.
        unpublished: earlier months that are not published, starting at the first month that was ever run.
        published_months: all published months, later ones too.
        champion: the champion's version and training month, by the last decision; None without a champion.
    """

    published: RowMapping | None
    planned_with: RowMapping | None
    unpublished: Sequence[Month]
    published_months: frozenset[Month]
    champion: RowMapping | None


def month_history(database: Engine, month: Month, settings: Settings) -> MonthHistory:
    """Read a month's state on the value basis of the settings from Postgres."""
    basis = settings.value_basis
    champion = _first(database, "last_champion", model_name=settings.model)
    published = _first(database, "published_run", as_of=month.as_of, value_basis=basis)
    before = {
        Month.before(row["as_of"]): bool(row["is_published"])
        for row in fetch(database, "months_run_before", as_of=month.as_of, value_basis=basis)
    }
    is_published = before | {month: published is not None}
    return MonthHistory(
        published=published,
        planned_with=_first(database, "published_plan", as_of=month.as_of, value_basis=basis),
        unpublished=[past for past in min(is_published).through(month.plus(-1)) if not is_published.get(past)],
        published_months=frozenset(
            Month.before(row["as_of"]) for row in fetch(database, "published_months", value_basis=basis)
        ),
        champion=champion if champion and champion["model_version"] is not None else None,
    )


def _first(database: Engine, query: str, **parameters: object) -> RowMapping | None:
    return next(iter(fetch(database, query, **parameters)), None)


def differences(
    planned_with: RowMapping, inputs: DeliveredInputs, *, input_fingerprint: str, code_version: str, model_choice: str
) -> list[str]:
    """The differences between a run and the published run of its month, as text; empty if there is none."""
    changed = []
    if planned_with["input_fingerprint"] != input_fingerprint:
        changed.append(_changed_inputs((planned_with["plan"] or {}).get("inputs"), inputs))
    if planned_with["code_version"] != code_version:
        changed.append("code")
    if planned_with["model_choice"] != model_choice:
        changed.append(f"model {model_choice} instead of {planned_with['model_choice']}")
    return changed


def _changed_inputs(before: Mapping[str, Mapping[str, str]] | None, now: DeliveredInputs) -> str:
    if before is None:
        return "inputs"
    changed = []
    for table in sorted({*before, *now}):
        then, since = before.get(table, {}), {str(month): text for month, text in now.get(table, {}).items()}
        months = [Month.parse(text) for text in {*then, *since} if then.get(text) != since.get(text)]
        if months:
            changed.append(f"{table} {ranges(months)}")
    return f"inputs ({'; '.join(changed)})"


def ranges(months: Sequence[Month]) -> str:
    """Months as text, consecutive ones as a range: `2011-03, 2011-05 to 2011-11`."""
    runs: list[tuple[Month, Month]] = []
    for month in sorted(set(months)):
        if runs and runs[-1][1].plus(1) == month:
            runs[-1] = runs[-1][0], month
        else:
            runs.append((month, month))
    return ", ".join(str(first) if first == last else f"{first} to {last}" for first, last in runs)
