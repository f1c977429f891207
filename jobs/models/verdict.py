"""The version that forecasts a run: by the gate's stored verdict on a version, or without a judgement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, cast

from jobs.core.postgres import fetch
from jobs.core.refusal import RefusedError
from jobs.models.model_version import Version
from jobs.models.registry import Registry

Decision = Literal["first", "promoted", "kept_champion", "kept_previous", "not_promoted", "backfill", "todays_champion"]


class PromoteError(RefusedError):
    """The version was trained as of another day than the run needs."""


class NoChampionError(RefusedError):
    """A run asks for the champion, but no version is the champion."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The gate's decision.

    Attributes:
        model_version: the version that forecasts the run.
        decision: `first` (the version becomes the first champion), `promoted` (it replaces the champion),
            `kept_champion` (it failed, and the champion forecasts), `kept_previous` (it failed; the version of the
            month before forecasts and becomes the champion, if it is not), `not_promoted` (it failed, but no other
            version is better: it forecasts), `backfill` (a version of an older month: it forecasts that month only),
            `todays_champion` (not judged: the run asked for the champion).
        reasons: one sentence for each comparison.
    """

    model_version: int
    decision: Decision
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A verdict of the gate, and what must not have changed since for it to change the champion.

    Attributes:
        verdict: the verdict.
        champion: the champion when it was judged.
        decision_id: the last decision before the verdict, or its own: a person's choice after it takes precedence.
        is_promotion: whether the version that forecasts is to become the champion, and has not become it yet.
    """

    verdict: Verdict
    champion: int | None
    decision_id: int
    is_promotion: bool


def judgement_of(registry: Registry, number: int) -> Judgement | None:
    """The gate's judgement of a version, as recorded in `clv.model_decision`; None if it was never judged."""
    rows = fetch(registry.database, "verdict_of", model_name=registry.model, model_version=number)
    if not rows:
        return None
    row = rows[0]
    return Judgement(
        verdict=Verdict(
            model_version=row["forecast_by"], decision=cast(Decision, row["decision"]), reasons=tuple(row["reasons"])
        ),
        champion=row["champion_before"],
        decision_id=row["decision_id"],
        is_promotion=row["champion_after"] != row["champion_before"] and not row["took_effect"],
    )


def champion_for(registry: Registry, run_id: int) -> int:
    """The champion that forecasts a run: today's, or the one recorded for the run if one of its tasks was cleared.

    Raises:
        NoChampionError: no version is the champion.
    """
    decision = fetch(registry.database, "decision_of_run", run_id=run_id, model_name=registry.model)
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
