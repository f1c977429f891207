"""Decide whether a version becomes the champion, and which version forecasts a month."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from jobs.core.month import Month
from jobs.core.postgres import execute, fetch
from jobs.forecasting.holdout import snapshots_before_holdout
from jobs.forecasting.params import ModelParams
from jobs.lake.lake import Lake
from jobs.lake.tables import Table
from jobs.models.champion import held, is_chosen, is_chosen_since, named
from jobs.models.descriptions import of_version
from jobs.models.model_version import Version
from jobs.models.opponent import Trial, compare_snapshots, holdout_forecasts, opponent_of
from jobs.models.registry import Registry
from jobs.models.training import params_of, snapshots_until, train
from jobs.models.training_data import read_holdout
from jobs.models.verdict import Decision, Judgement, PromoteError, Verdict, as_asked, judgement_of

GATE, PARAMETER = "gate", "run parameter"
"""Values of `clv.model_decision.decided_by`, which otherwise holds a person's name."""


def promote(
    registry: Registry,
    number: int,
    *,
    run_id: int,
    as_of: date,
    newest_published: date | None,
    trial: Trial,
) -> Verdict:
    """Judge a version for a run and record the verdict; if it was judged before, follow and record that verdict.

    The alias `champion` stays where it is: `jobs.set_champion` moves it once the run is published.

    Raises:
        PromoteError: the version was trained as of another day.
        UncheckedError: Postgres holds no hash of the version's files.
        TamperedError: the files of the version or its opponent differ from those that were registered.
        IncompleteError: a snapshot of the holdout is not in the lake.
    """
    challenger = registry.version(number)
    if challenger.as_of != as_of:
        raise PromoteError(f"version {number} was trained as of {challenger.as_of}: give one trained as of {as_of}")
    with held(registry):
        present = registry.aliased("champion")
        is_by_hand = present is not None and is_chosen(registry, present)
        [last] = fetch(registry.database, "last_decision")
    champion = None if present is None else registry.version(present)
    not_newest = _why_not_newest(as_of, newest_published, champion)
    is_newest = not_newest is None
    judgement = judgement_of(registry, number)
    if judgement is None:
        if is_newest and number != present:
            registry.alias("challenger", number)
        is_other = champion is not None and (is_by_hand or champion.make != challenger.make)
        standing = champion if is_newest and is_other else None
        verdict = _judge(registry, challenger, champion, standing, not_newest, trial)
        judgement = Judgement(
            verdict=verdict,
            champion=present,
            decision_id=last["decision_id"],
            is_promotion=verdict.decision in ("first", "promoted", "kept_previous"),
        )
    verdict = _recorded(registry, challenger, judgement, run_id=run_id, is_newest=is_newest)
    _show(registry, challenger, verdict, run_id)
    return verdict


def _show(registry: Registry, judged: Version, verdict: Verdict, run_id: int) -> None:
    """Copy a verdict to the version's page in MLflow, for people."""
    number, month = judged.number, Month.before(judged.as_of)
    [run] = fetch(registry.database, "dag_run_of", run_id=run_id)
    runs = {"clv_run_id": str(run_id), "airflow_run_id": run["dag_run_id"]}
    registry.tag(number, {"decision": verdict.decision, "forecast_by": str(verdict.model_version)} | runs)
    registry.describe(
        number, of_version(number, verdict.decision, verdict.reasons, verdict.model_version, month, run_id)
    )


def _recorded(
    registry: Registry, challenger: Version, judgement: Judgement, *, run_id: int, is_newest: bool
) -> Verdict:
    """Record a judgement for a run, in one step; the verdict. One that was recorded meanwhile takes precedence."""
    with held(registry):
        earlier = judgement_of(registry, challenger.number)
        judgement, verdict = earlier or judgement, (earlier or judgement).verdict
        present = registry.aliased("champion")
        is_changed = present not in (judgement.champion, verdict.model_version)
        is_changed = is_changed or is_chosen_since(registry, judgement.decision_id)
        if earlier is None and judgement.is_promotion and is_changed:
            stays = f"the champion was changed while the gate judged: it stays {named(present)}"
            verdict = replace(verdict, reasons=(*verdict.reasons, stays))
        becomes_champion = judgement.is_promotion and is_newest and not is_changed
        _record(
            registry,
            verdict,
            run_id=run_id,
            judged=challenger,
            decided_by=GATE,
            before=judgement.champion if becomes_champion else present,
            after=verdict.model_version if becomes_champion else present,
        )
    return verdict


def _why_not_newest(as_of: date, newest_published: date | None, champion: Version | None) -> str | None:
    """Why `as_of` is not the newest month; None if it is."""
    if newest_published is not None and newest_published > as_of:
        return f"month {Month.before(newest_published)} is already published"
    if champion is not None and champion.as_of > as_of:
        return f"the champion, version {champion.number}, was trained on the later month {Month.before(champion.as_of)}"
    return None


def _judge(
    registry: Registry,
    challenger: Version,
    champion: Version | None,
    standing: Version | None,
    not_newest: str | None,
    trial: Trial,
) -> Verdict:
    """Compare a version with the baselines and its opponent.

    Args:
        registry: the models.
        challenger: the version.
        champion: the champion; None if there is none.
        standing: the champion, if it is the opponent; None if that is the version of the month before.
        not_newest: why the month is not the newest; None if it is.
        trial: how it is compared.
    """
    from jobs.forecasting.gate import decide, figures_of

    number = challenger.number
    if not_newest is None and champion is not None and champion.number == number:
        return Verdict(model_version=number, decision="promoted", reasons=("it is already the champion",))
    opponent = opponent_of(challenger, standing, registry, trial)
    backtest, notes = holdout_forecasts(registry, challenger, opponent.version, trial.compare)
    registry.measured(number, figures_of(backtest))
    outcome = decide(backtest, has_opponent=opponent.version is not None, seed=ModelParams().seed)
    decision: Decision
    if opponent.version is not None and outcome.is_replaced:
        number, decision = opponent.version.number, "kept_champion" if opponent.is_champion else "kept_previous"
    elif not outcome.promoted:
        decision = "not_promoted"
    elif not_newest is not None:
        decision = "backfill"
    else:
        decision = "first" if champion is None else "promoted"
    month = () if not_newest is None else (not_newest,)
    reasons = (*month, *opponent.reasons, *notes, *outcome.reasons)
    return Verdict(model_version=number, decision=decision, reasons=reasons)


def _record(
    registry: Registry,
    verdict: Verdict,
    *,
    run_id: int,
    judged: Version,
    decided_by: str,
    before: int | None,
    after: int | None,
) -> None:
    execute(
        registry.database,
        "record_decision",
        run_id=run_id,
        as_of=judged.as_of,
        model_name=registry.model,
        model_version=judged.number,
        decision=verdict.decision,
        forecast_by=verdict.model_version,
        champion_before=before,
        champion_after=after,
        reasons=list(verdict.reasons),
        decided_by=decided_by,
    )


@dataclass(frozen=True, kw_only=True)
class Promotion:
    """What the promotion of a run reads from and records in.

    Attributes:
        registry: the models on the run's value basis.
        lake: the lake on that value basis.
        table: its features table.
        value_basis: the measure of value.
    """

    registry: Registry
    lake: Lake
    table: Table
    value_basis: str

    def gate(self, number: int, *, as_of: date, run_id: int) -> Verdict:
        """Judge a version for a run. Raises the same errors as `promote`."""
        [newest] = fetch(self.registry.database, "newest_published_as_of", value_basis=self.value_basis)
        return self._promote(number, as_of=as_of, run_id=run_id, newest_published=newest["as_of"])

    def champion(self, number: int, *, as_of: date, run_id: int) -> Verdict:
        """Let the champion forecast a run, and record that the run's parameter chose it."""
        champion, present = self.registry.version(number), self.registry.aliased("champion")
        verdict = as_asked(champion, as_of=as_of)
        _record(
            self.registry,
            verdict,
            run_id=run_id,
            judged=champion,
            decided_by=PARAMETER,
            before=present,
            after=present,
        )
        return verdict

    def _promote(self, number: int, *, as_of: date, run_id: int, newest_published: date | None) -> Verdict:
        read = partial(read_holdout, self.lake, self.table, ModelParams().max_customers)
        return promote(
            self.registry,
            number,
            run_id=run_id,
            as_of=as_of,
            newest_published=newest_published,
            trial=Trial(partial(compare_snapshots, read), self._train, partial(self._shares_holdout, as_of)),
        )

    def _shares_holdout(self, as_of: date, before: date) -> bool:
        """Whether the holdouts of two consecutive versions start on the same day, with the same settings."""
        snapshots = len(snapshots_until(self.lake, self.table, as_of))
        is_same = snapshots_before_holdout(snapshots) == snapshots_before_holdout(snapshots - 1)
        return is_same and params_of(self.registry, as_of=as_of) == params_of(self.registry, as_of=before)

    def _train(self, as_of: date) -> int:
        """The version of another month; it is trained if there is none."""
        params = params_of(self.registry, as_of=as_of)
        return train(self.lake, self.table, self.registry, as_of=as_of, params=params)
