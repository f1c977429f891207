"""The version that forecasts a run, and the verdicts without a judgement, which move no alias and set no tag."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, cast

from sqlalchemy import Engine

from jobs.core.postgres import fetch
from jobs.core.refusal import RefusedError
from jobs.models.model_version import Version
from jobs.models.registry import Registry

Decision = Literal["first", "promoted", "kept_champion", "not_promoted", "backfill", "special", "todays_champion"]


class PromoteError(RefusedError):
    """The version was trained as of another day than the run needs."""


class NoChampionError(RefusedError):
    """A run asks for the champion, but no version is the champion."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The gate's decision.

    Attributes:
        model_version: the version that forecasts the run.
        decision: `first` (the version became the first champion), `promoted` (it replaced the champion),
            `kept_champion` (the champion forecasts), `not_promoted` (the version failed and no champion can replace
            it: it forecasts), `backfill` (a version of an older month: it forecasts that month only), `special` (not
            judged: it forecasts a special run), `todays_champion` (not judged: the run asked for the champion).
        reasons: one sentence for each comparison.
    """

    model_version: int
    decision: Decision
    reasons: tuple[str, ...]


def follow(registry: Registry, number: int, *, as_of: date, published: int | None) -> Verdict:
    """The version that forecasts a special run. Judges nothing, moves no alias and sets no tag.

    Args:
        registry: the model of the published months.
        number: a version trained as of `as_of`.
        as_of: first day after the run's month.
        published: the version that made the month's published forecast; None if the month is not published.

    Raises:
        PromoteError: the version was trained on data from after `as_of`.
    """
    if published is not None:
        version, reason = registry.version(published), "it made the published forecast of the month"
    else:
        judged = decided(registry.version(number))
        version = registry.version(number if judged is None else judged.model_version)
        chosen = "the gate chose this version for it" if judged else "this is the newest version of it"
        reason = f"the month is not published; {chosen}"
    if version.as_of > as_of:
        raise PromoteError(f"version {version.number} was trained as of {version.as_of}, after {as_of}")
    return Verdict(model_version=version.number, decision="special", reasons=(reason,))


def decided(challenger: Version) -> Verdict | None:
    """The verdict that a version's tags hold; None if it was never judged."""
    if "decision" not in challenger.tags:
        return None
    return Verdict(
        model_version=int(challenger.tags["forecast_by"]),
        decision=cast(Decision, challenger.tags["decision"]),
        reasons=tuple(challenger.tags["reasons"].split("\n")),
    )


def champion_for(registry: Registry, database: Engine, run_id: int) -> int:
    """The champion that forecasts a run: today's, or the one recorded for the run if one of its tasks was cleared.

    Raises:
        NoChampionError: no version is the champion.
    """
    decision = fetch(database, "decision_of_run", run_id=run_id)
    number = decision[0]["forecast_by"] if decision else registry.aliased("champion")
    if number is None:
        raise NoChampionError("there is no champion yet: run the month with model=as_of")
    return int(number)


def as_asked(champion: Version, *, as_of: date) -> Verdict:
    """The verdict for a run that asks for the champion, whatever month the champion was trained on."""
    reason = f"the run asked for the champion; version {champion.number} was trained as of {champion.as_of}"
    if champion.as_of > as_of:
        reason += f", after {as_of}: its training data hold months that it forecasts: its accuracy is not out-of-sample"
    return Verdict(model_version=champion.number, decision="todays_champion", reasons=(reason,))
