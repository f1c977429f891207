"""The gate: decide which version forecasts a month, and whether it becomes the champion.

    python -m jobs.promote --as-of 2011-12-01 --run-id 17 --model-version 3

Only a version of the newest month may become champion; one of an older month forecasts its own month and moves nothing.
A version is judged once: the decision stays with it as tags, and every later run of the month follows it. A special run
follows what was decided, or its month's version where nothing was; only on a margin does it judge, that margin's model.
With `--model champion` nothing is judged: the version is today's champion, and the run asked for it.
`docs/decisions/0006-models-in-mlflow.md` tells why.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from jobs.core.month import Month, parse_as_of
from jobs.core.postgres import engine, execute, fetch
from jobs.core.settings import Settings
from jobs.core.task import recorded, run_as_program
from jobs.core.value_basis import NET_REVENUE, add_value_basis
from jobs.features.table import features
from jobs.forecasting.encoder import InputError
from jobs.forecasting.outcomes import Snapshots
from jobs.forecasting.params import ModelParams
from jobs.lake.lake import Lake
from jobs.models.model_version import UnreadableError, Version, unpack
from jobs.models.registry import Registry
from jobs.models.training_data import read_fold
from jobs.models.verdict import Decision, PromoteError, Verdict, as_asked, decided, follow
from jobs.planning.options import AS_OF, CHAMPION, MODEL_CHOICES
from jobs.sources import load

if TYPE_CHECKING:
    from jobs.forecasting.bootstrap import Round
    from jobs.forecasting.forecaster import Forecaster

log = logging.getLogger(__name__)

GATE, PARAMETER = "gate", "run parameter"
"""Who decides here, as `clv.model_decision` tells it apart from people."""

ReadFold = Callable[[Sequence[date], date], Snapshots]
"""(origins, as_of) → the snapshots at the origins, and what every later month up to `as_of` says of the one before."""


class NoTwinError(ValueError):
    """The champion has no twin that knows nothing of the fold."""


def promote(
    registry: Registry, number: int, *, as_of: date, newest_published: date | None, read_fold: ReadFold
) -> Verdict:
    """Judge a version, point the aliases accordingly and tag it with the verdict; or repeat what was decided before.

    Raises:
        PromoteError: the version was trained for another month.
        TamperedError: the champion's files are not those that were registered.
        IncompleteError: a snapshot of the fold is not in the lake.
    """
    challenger = registry.version(number)
    if challenger.as_of != as_of:
        raise PromoteError(f"version {number} was trained as of {challenger.as_of}: give one trained as of {as_of}")
    earlier = decided(challenger)
    if earlier is not None:
        return earlier
    current = registry.aliased("champion")
    champion = None if current is None else registry.version(current)
    later = _later_month(as_of, newest_published, champion)
    if later is not None:
        verdict = Verdict(model_version=number, decision="backfill", reasons=(later,))
    else:
        registry.alias("challenger", number)
        verdict = _judge(registry, challenger, champion, read_fold)
        if verdict.decision in ("first", "promoted"):
            registry.alias("champion", number)
    registry.tag(number, {"reasons": "\n".join(verdict.reasons), "forecast_by": str(verdict.model_version)})
    registry.tag(number, {"decision": verdict.decision})
    return verdict


def _later_month(as_of: date, newest_published: date | None, champion: Version | None) -> str | None:
    """Why `as_of` is not the newest month; None where it is."""
    if newest_published is not None and newest_published > as_of:
        return f"month {Month.before(newest_published)} is published already"
    if champion is not None and champion.as_of > as_of:
        return f"the champion, version {champion.number}, was trained on month {Month.before(champion.as_of)} already"
    return None


def _judge(registry: Registry, challenger: Version, champion: Version | None, read_fold: ReadFold) -> Verdict:
    """Hold a version of the newest month against trailing value, BTYD and the champion."""
    from jobs.forecasting.gate import decide

    if champion is not None and champion.number == challenger.number:
        return Verdict(model_version=challenger.number, decision="promoted", reasons=("it is the champion already",))
    rounds, notes = _contest(registry, challenger, champion, read_fold)
    decision = decide(rounds, has_champion=champion is not None, seed=ModelParams().seed)
    reasons = (*notes, *decision.reasons)
    if decision.promoted:
        took_place: Decision = "first" if champion is None else "promoted"
        return Verdict(model_version=challenger.number, decision=took_place, reasons=reasons)
    if champion is None or notes:
        return Verdict(model_version=challenger.number, decision="not_promoted", reasons=reasons)
    return Verdict(model_version=champion.number, decision="kept_champion", reasons=reasons)


def _contest(
    registry: Registry, challenger: Version, champion: Version | None, read_fold: ReadFold
) -> tuple[list[Round], tuple[str, ...]]:
    """Everybody's forecasts on the challenger's fold, and why the champion is not among them, if so."""
    from jobs.forecasting.champion_challenger import contest, origins

    first = challenger.fold_origin
    if first is None:
        return [], ()
    snapshots = read_fold(origins(first, challenger.as_of), challenger.as_of)
    enter = partial(contest, unpack(registry.fetch(challenger.number, "backtest")), as_of=challenger.as_of)
    if champion is None:
        return enter(None, snapshots), ()
    try:
        return enter(_twin(registry, champion, first), snapshots), ()
    except (NoTwinError, UnreadableError, InputError) as error:
        notes = (f"champion (version {champion.number}) cannot be compared with: {error}",)
        return enter(None, snapshots), notes


def _twin(registry: Registry, champion: Version, first: date) -> Forecaster:
    """The champion's twin, which knows nothing of the months from `first` on."""
    if champion.fold_origin is None:
        raise NoTwinError("its history was too short for a fold")
    if champion.fold_origin > first:
        raise NoTwinError(f"its twin has learned from months after {first}, where the fold starts")
    return unpack(registry.fetch(champion.number, "backtest"))


def main(argv: Sequence[str] | None = None) -> None:
    """Judge one version and print which version forecasts the month."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--as-of", type=parse_as_of, required=True, help="first of the month after the data month")
    parser.add_argument("--run-id", type=int, required=True, help="the run, as planned")
    parser.add_argument("--model-version", type=int, required=True, help="the version that was trained as of this day")
    parser.add_argument("--special", action="store_true", help="it is a special run: it moves nothing of its month's")
    parser.add_argument("--model", choices=MODEL_CHOICES, default=AS_OF, help="what the run scores with")
    add_value_basis(parser)
    arguments = parser.parse_args(argv)
    settings = Settings.from_env().on(arguments.value_basis)
    database = engine(settings.database_url)
    with recorded("retrain.promote", run_id=arguments.run_id, engine=database):
        registry = Registry(settings.tracking_uri, settings.model)
        run = {"as_of": arguments.as_of, "run_id": arguments.run_id}
        if arguments.model == CHAMPION:
            verdict = _champion(registry, arguments.model_version, database, **run)
        elif not arguments.special:
            verdict = _gate(registry, arguments.model_version, settings, database, **run)
        elif arguments.value_basis == NET_REVENUE:
            published = [run["model_version"] for run in fetch(database, "published_run", as_of=arguments.as_of)]
            known = {"as_of": arguments.as_of, "published": next(iter(published), None)}
            verdict = follow(registry, arguments.model_version, **known)
        else:
            verdict = promote(
                registry,
                arguments.model_version,
                as_of=arguments.as_of,
                newest_published=None,
                read_fold=_fold_reader(settings),
            )
        log.info("%s: version %s forecasts the month", verdict.decision, verdict.model_version)
        for reason in verdict.reasons:
            log.info("%s", reason)
        model = {"model_name": registry.model, "model_version": verdict.model_version}
        execute(database, "set_run_model", run_id=arguments.run_id, **model)
    sys.stdout.write(json.dumps(asdict(verdict)) + "\n")


def _gate(
    registry: Registry, number: int, settings: Settings, database: Engine, *, as_of: date, run_id: int
) -> Verdict:
    """Judge a version for a month that is to be published, and record the decision."""
    [newest] = fetch(database, "newest_published_as_of")
    before = registry.aliased("champion")
    published = newest["as_of"]
    verdict = promote(registry, number, as_of=as_of, newest_published=published, read_fold=_fold_reader(settings))
    judged = {"model_version": number, "as_of": as_of, "decided_by": GATE}
    _record(database, verdict, run_id=run_id, before=before, after=registry.aliased("champion"), **judged)
    return verdict


def _champion(registry: Registry, number: int, database: Engine, *, as_of: date, run_id: int) -> Verdict:
    """Let the champion forecast a month that is to be published, and record that the run asked for it."""
    champion, present = registry.version(number), registry.aliased("champion")
    verdict = as_asked(champion, as_of=as_of)
    asked = {"model_version": number, "as_of": champion.as_of, "decided_by": PARAMETER}
    _record(database, verdict, run_id=run_id, before=present, after=present, **asked)
    return verdict


def _record(
    database: Engine, verdict: Verdict, *, run_id: int, before: int | None, after: int | None, **judged: object
) -> None:
    execute(
        database,
        "record_decision",
        run_id=run_id,
        decision=verdict.decision,
        forecast_by=verdict.model_version,
        champion_before=before,
        champion_after=after,
        reasons=list(verdict.reasons),
        **judged,
    )


def _fold_reader(settings: Settings) -> ReadFold:
    table = features(load(settings.source).departments)
    return partial(read_fold, Lake(settings.lake), table, ModelParams().max_customers)


if __name__ == "__main__":
    run_as_program(main)
