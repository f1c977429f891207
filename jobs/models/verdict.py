"""Which version forecasts a month, and the verdicts for which nothing is judged: they move no alias and set no tag."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, cast

from sqlalchemy import Engine

from jobs.core.postgres import fetch
from jobs.models.model_version import Version
from jobs.models.registry import Registry

Decision = Literal["first", "promoted", "kept_champion", "not_promoted", "backfill", "special", "todays_champion"]


class PromoteError(ValueError):
    """The version was trained for another month."""


class NoChampionError(ValueError):
    """A run asked for the champion, and there is none."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the gate decided.

    Attributes:
        model_version: the version that forecasts the month.
        decision: `first` (there was no champion, this is one now), `promoted` (took the champion's place),
            `kept_champion` (the champion forecasts), `not_promoted` (there is no champion and this did not become one:
            it forecasts, as there is no other), `backfill` (of an older month: it forecasts that month alone),
            `special` (nothing was judged: it forecasts a special run), `todays_champion` (nothing was judged: the run
            asked for the champion).
        reasons: every comparison behind it, in words.
    """

    model_version: int
    decision: Decision
    reasons: tuple[str, ...]


def follow(registry: Registry, number: int, *, as_of: date, published: int | None) -> Verdict:
    """The version that forecasts a special run: nothing is judged, no alias moves, no tag is set.

    Args:
        registry: the model of the published months.
        number: a version of the month.
        as_of: the month's.
        published: the version that made the published forecast of the month, if there is one.

    Raises:
        PromoteError: the version has seen what came after `as_of`.
    """
    if published is not None:
        version, why = registry.version(published), "it made the published forecast of the month"
    else:
        judged = decided(registry.version(number))
        version = registry.version(number if judged is None else judged.model_version)
        why = "the month is not published; it is the newest of the month" + (", as judged" if judged else "")
    if version.as_of > as_of:
        raise PromoteError(f"version {version.number} was trained as of {version.as_of}, after {as_of}")
    return Verdict(model_version=version.number, decision="special", reasons=(why,))


def decided(challenger: Version) -> Verdict | None:
    """What was decided on this version before."""
    if "decision" not in challenger.tags:
        return None
    return Verdict(
        model_version=int(challenger.tags["forecast_by"]),
        decision=cast(Decision, challenger.tags["decision"]),
        reasons=tuple(challenger.tags["reasons"].split("\n")),
    )


def champion_for(registry: Registry, database: Engine, run_id: int) -> int:
    """The champion that forecasts a run: the one of the day it is made, also when a task of it is cleared later.

    Raises:
        NoChampionError: no version is champion.
    """
    decision = fetch(database, "decision_of_run", run_id=run_id)
    number = decision[0]["forecast_by"] if decision else registry.aliased("champion")
    if number is None:
        raise NoChampionError("there is no champion yet: run the month with model=as_of")
    return int(number)


def as_asked(champion: Version, *, as_of: date) -> Verdict:
    """The champion forecasts because the run asked for it, whatever month it was trained on."""
    reason = f"the run asked for the champion; version {champion.number} was trained as of {champion.as_of}"
    if champion.as_of > as_of:
        reason += (
            f", after {as_of}: it has seen months that it forecasts, so its accuracy for them is not out-of-sample"
        )
    return Verdict(model_version=champion.number, decision="todays_champion", reasons=(reason,))
