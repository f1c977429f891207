"""The alias `champion` moves once the month is published, never back, and never past a person's choice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import InternalError

from jobs import promote, set_champion
from jobs.choose_champion import choose_champion
from jobs.core.month import Month
from jobs.core.postgres import execute, fetch
from jobs.core.settings import Settings
from jobs.forecasting.outcomes import Snapshots
from jobs.lake.lake import Lake
from jobs.models import champion as champions
from jobs.models.champion import held
from jobs.models.opponent import ReadHoldout, Trial, compare_snapshots
from jobs.models.promotion import promote as judge_version
from jobs.models.registry import Registry
from jobs.planning.history import month_history
from tests.conftest import Database
from tests.forecasts import CUSTOMERS, plan, publish, row, seen, write
from tests.models.versions import AS_OF, EARLIER, OLDER, SNAPSHOTS, Gate, Judge, Published, Train, registered
from tests.snapshots import write_snapshots

pytestmark = pytest.mark.usefixtures("lenient")


def effects(database: Database) -> list[tuple[int, bool]]:
    """Of every decision, oldest first: the version it makes champion, and whether that has happened."""
    return [(one["champion_after"], one["took_effect_at"] is not None) for one in seen(database, "model_decisions")]


def test_a_month_that_is_not_published_keeps_the_champion_and_its_next_run_changes_it(
    registry: Registry, trained: Train, gate: Gate, judge: Judge, published: Published, database: Database
) -> None:
    before, number = trained(EARLIER), trained(AS_OF)
    gate(registry, before, as_of=EARLIER)

    stopped, verdict = judge(registry, number, as_of=AS_OF)
    assert verdict.decision == "promoted"
    said = champions.set_champion(registry, stopped)
    assert said == f"the champion stays version {before}: readers do not see the forecast of run {stopped}"
    assert registry.aliased("champion") == before
    known = month_history(database.writer, Month.before(AS_OF), Settings()).champion
    assert known is not None
    assert (known["model_version"], known["as_of"]) == (before, EARLIER)

    again, followed = judge(registry, number, as_of=AS_OF)
    said = published(registry, again, AS_OF, followed)
    assert said == f"version {number} is the champion; before: version {before}"
    assert followed == verdict
    assert registry.aliased("champion") == number
    assert effects(database) == [(before, True), (number, False), (number, True)]
    known = month_history(database.writer, Month.before(AS_OF), Settings()).champion
    assert known is not None
    assert (known["model_version"], known["as_of"]) == (number, AS_OF)


def test_the_champion_stays_that_of_what_is_published(
    registry: Registry, trained: Train, gate: Gate, judge: Judge, published: Published, database: Database
) -> None:
    champion = trained(OLDER, code="other")
    unpublished, newest = trained(EARLIER), trained(AS_OF, bad=True)
    gate(registry, champion, as_of=OLDER)
    judge(registry, unpublished, as_of=EARLIER, newest_published=OLDER)

    kept = gate(registry, newest, as_of=AS_OF, newest_published=OLDER)
    assert (kept.decision, kept.model_version) == ("kept_champion", champion)

    late, verdict = judge(registry, unpublished, as_of=EARLIER, newest_published=AS_OF)
    assert (verdict.decision, verdict.model_version) == ("promoted", unpublished)
    said = published(registry, late, EARLIER, verdict)
    assert said == f"the champion stays version {champion}: run {late} (promoted) does not change it"
    assert registry.aliased("champion") == champion
    assert effects(database) == [(champion, True), (unpublished, False), (champion, False), (champion, False)]


def test_a_month_that_is_published_after_a_later_one_changes_no_champion(
    registry: Registry, trained: Train, gate: Gate, judge: Judge, published: Published
) -> None:
    champion = trained(OLDER, code="other")
    overtaken, newest = trained(EARLIER), trained(AS_OF, bad=True)
    gate(registry, champion, as_of=OLDER)
    run_id, verdict = judge(registry, overtaken, as_of=EARLIER)
    gate(registry, newest, as_of=AS_OF)

    said = published(registry, run_id, EARLIER, verdict)

    assert said == f"the champion stays version {champion}: a later month was published meanwhile"
    assert registry.aliased("champion") == champion


def test_setting_the_champion_again_never_moves_it_back(
    registry: Registry, trained: Train, judge: Judge, published: Published, database: Database
) -> None:
    first, second = trained(EARLIER), trained(AS_OF)
    earlier, verdict = judge(registry, first, as_of=EARLIER)
    published(registry, earlier, EARLIER, verdict)
    assert champions.set_champion(registry, earlier).startswith(f"version {first} became the champion at ")
    newest, verdict = judge(registry, second, as_of=AS_OF)
    published(registry, newest, AS_OF, verdict)
    times = [one["took_effect_at"] for one in seen(database, "model_decisions")]

    champions.set_champion(registry, earlier)
    champions.set_champion(registry, newest)

    assert registry.aliased("champion") == second
    assert [one["took_effect_at"] for one in seen(database, "model_decisions")] == times


def test_a_champion_chosen_in_the_place_of_a_promoted_one_stays_when_the_month_is_run_again(
    registry: Registry, trained: Train, gate: Gate, database: Database
) -> None:
    before, promoted = trained(EARLIER), trained(AS_OF)
    gate(registry, before, as_of=EARLIER)
    gate(registry, promoted, as_of=AS_OF)
    choose_champion(registry, before, by="Ada", because="the newer one overrates new customers")

    verdict = gate(registry, promoted, as_of=AS_OF)

    assert (verdict.decision, verdict.model_version) == ("promoted", promoted)
    assert registry.aliased("champion") == before
    assert effects(database)[-1] == (before, False)


@pytest.mark.parametrize("choice", ["another version", "the same champion again"])
def test_a_champion_chosen_while_the_gate_judges_stays(
    registry: Registry,
    trained: Train,
    gate: Gate,
    judge: Judge,
    published: Published,
    holdout: ReadHoldout,
    database: Database,
    choice: str,
) -> None:
    other, before, number = trained(OLDER), trained(EARLIER), trained(AS_OF)
    gate(registry, before, as_of=EARLIER)
    chosen = other if choice == "another version" else before

    def interrupted(origins: Sequence[date], as_of: date) -> Snapshots:
        choose_champion(registry, chosen, by="Ada", because="a launch")
        return holdout(origins, as_of)

    run_id, verdict = judge(registry, number, as_of=AS_OF, read_holdout=interrupted)
    published(registry, run_id, AS_OF, verdict)

    assert (verdict.decision, verdict.model_version) == ("promoted", number)
    assert verdict.reasons[-1] == f"the champion was changed while the gate judged: it stays version {chosen}"
    assert registry.aliased("champion") == chosen
    assert effects(database)[-1] == (chosen, False)

    again, verdict = judge(registry, number, as_of=AS_OF)
    published(registry, again, AS_OF, verdict)
    assert registry.aliased("champion") == chosen


@pytest.mark.parametrize("choice", ["another version", "the same champion again"])
def test_a_champion_chosen_between_the_decision_and_the_publication_stays(
    registry: Registry,
    trained: Train,
    gate: Gate,
    judge: Judge,
    published: Published,
    database: Database,
    choice: str,
) -> None:
    other, before, number = trained(OLDER), trained(EARLIER), trained(AS_OF)
    gate(registry, before, as_of=EARLIER)
    chosen = other if choice == "another version" else before
    run_id, verdict = judge(registry, number, as_of=AS_OF)
    choose_champion(registry, chosen, by="Ada", because="a launch")

    said = published(registry, run_id, AS_OF, verdict)

    assert said == f"the champion stays version {chosen}, which was set after the gate decided"
    assert registry.aliased("champion") == chosen
    assert effects(database) == [(before, True), (number, False), (chosen, True)]


def test_an_alias_that_was_moved_in_mlflow_stays(
    registry: Registry, trained: Train, gate: Gate, judge: Judge, published: Published
) -> None:
    other, before, number = trained(OLDER), trained(EARLIER), trained(AS_OF)
    gate(registry, before, as_of=EARLIER)
    run_id, verdict = judge(registry, number, as_of=AS_OF)
    registry.alias("champion", other)

    published(registry, run_id, AS_OF, verdict)

    assert registry.aliased("champion") == other


def test_a_cleared_run_that_trains_another_version_has_that_one_judged_and_made_champion(
    registry: Registry, trained: Train, holdout: ReadHoldout, published: Published, database: Database, judge: Judge
) -> None:
    run_id, _ = judge(registry, trained(AS_OF), as_of=AS_OF)
    number = trained(AS_OF)

    trial = Trial(partial(compare_snapshots, holdout), partial(registered, registry), lambda _: False)
    verdict = judge_version(registry, number, run_id=run_id, as_of=AS_OF, newest_published=None, trial=trial)
    execute(registry.database, "set_run_model", run_id=run_id, model_name=registry.model, model_version=number)
    published(registry, run_id, AS_OF, verdict)

    assert registry.aliased("champion") == number
    assert [effect for _, effect in effects(database)] == [False, True]


def test_two_jobs_do_not_change_the_champion_of_a_model_at_once(registry: Registry, trained: Train) -> None:
    number = trained(AS_OF)
    impatient = create_engine(registry.database.url, connect_args={"options": "-c lock_timeout=50ms"})
    other = Registry(registry.tracking_uri, impatient)
    with held(registry):
        with pytest.raises(InternalError, match="has not ended its change of the champion of model clv"):
            choose_champion(other, number, by="Ada", because="why")
        with pytest.raises(InternalError, match="nothing was changed"):
            champions.set_champion(other, 1)
        with held(Registry(registry.tracking_uri, impatient, "clv_margin")):
            pass
    choose_champion(other, number, by="Ada", because="why")
    assert registry.aliased("champion") == number


@pytest.mark.usefixtures("environment")
def test_the_job_sets_the_champion_of_what_readers_see_though_a_newer_run_was_planned_and_records_its_cost(
    registry: Registry, trained: Train, lake: Lake, database: Database
) -> None:
    write_snapshots(lake, SNAPSHOTS)
    number, run_id = trained(AS_OF), plan(database.writer, AS_OF)
    run = ["--as-of", str(AS_OF), "--run-id", str(run_id)]
    promote.main([*run, "--model-version", str(number)])
    set_champion.main(run)
    assert registry.aliased("champion") is None

    write(lake, AS_OF, [row(customer, model_version=number) for customer in CUSTOMERS])
    publish(database.writer, lake, as_of=AS_OF, run_id=run_id)
    plan(database.writer, AS_OF)
    set_champion.main(run)

    assert registry.aliased("champion") == number
    tasks = [task["task"] for task in fetch(database.writer, "run_tasks", run_id=run_id)]
    assert tasks == ["retrain.promote", "publish.set_champion"]
