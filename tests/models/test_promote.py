from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date

import pytest

from jobs.core.postgres import fetch
from jobs.forecasting.bootstrap import MEASURES, MONEY, measure
from jobs.forecasting.champion_challenger import OPPONENT, compare_candidates
from jobs.forecasting.forecaster import Forecaster
from jobs.lake.lake import Lake
from jobs.models.promotion import Promotion
from jobs.models.registry import Registry
from jobs.promote import main
from tests.conftest import Database
from tests.forecasts import plan, publish_new_run
from tests.models.versions import (
    AS_OF,
    EARLIER,
    FRAMES,
    HOLDOUT_OF,
    OLDER,
    SNAPSHOTS,
    Gate,
    Train,
    aliases,
    decisions,
    registered,
)
from tests.snapshots import write_snapshots

pytestmark = pytest.mark.usefixtures("lenient")


def test_the_first_version_that_is_better_than_trailing_value_becomes_champion(
    registry: Registry, trained: Train, gate: Gate
) -> None:
    number = trained(AS_OF)

    verdict = gate(registry, number, as_of=AS_OF)

    assert (verdict.decision, verdict.model_version) == ("first", number)
    assert aliases(registry) == (None, number)


def test_a_first_version_worse_than_trailing_value_forecasts_but_is_no_champion(
    registry: Registry, trained: Train, gate: Gate
) -> None:
    number = trained(AS_OF, bad=True)

    verdict = gate(registry, number, as_of=AS_OF)

    assert (verdict.decision, verdict.model_version) == ("not_promoted", number)
    assert verdict.reasons[0] == "the month before has no version to compare with: too few snapshots"
    assert any("against trailing value" in reason and "fails" in reason for reason in verdict.reasons)
    assert aliases(registry) == (number, None)


def test_a_better_version_takes_the_champions_place(registry: Registry, trained: Train, gate: Gate) -> None:
    gate(registry, trained(EARLIER), as_of=EARLIER)
    number = trained(AS_OF)

    verdict = gate(registry, number, as_of=AS_OF)

    assert (verdict.decision, verdict.model_version) == ("promoted", number)
    assert aliases(registry) == (None, number)


def test_the_champion_is_judged_by_its_holdout_model_on_the_challengers_holdout(
    registry: Registry, trained: Train, gate: Gate, fitted: Mapping[date, Forecaster]
) -> None:
    gate(registry, trained(EARLIER), as_of=EARLIER)
    number = trained(AS_OF)

    reasons = gate(registry, number, as_of=AS_OF).reasons

    rounds = compare_candidates(fitted[HOLDOUT_OF[AS_OF]], fitted[HOLDOUT_OF[EARLIER]], FRAMES, as_of=AS_OF)
    wape = measure(rounds)[OPPONENT][MEASURES.index(MONEY)]
    assert any(reason.startswith("wape ") and f" against opponent {wape:.4g}: " in reason for reason in reasons)


def test_a_worse_version_leaves_the_month_to_the_champion(registry: Registry, trained: Train, gate: Gate) -> None:
    champion = trained(EARLIER, code="other")
    gate(registry, champion, as_of=EARLIER)
    number = trained(AS_OF, bad=True)

    verdict = gate(registry, number, as_of=AS_OF)

    assert (verdict.decision, verdict.model_version) == ("kept_champion", champion)
    assert aliases(registry) == (number, champion)


@pytest.mark.parametrize("newest_published", [AS_OF, None], ids=["later month published", "later month is champion"])
def test_a_backfill_forecasts_with_its_own_version_and_moves_no_alias(
    registry: Registry, trained: Train, gate: Gate, newest_published: date | None
) -> None:
    newest = trained(AS_OF)
    gate(registry, newest, as_of=AS_OF)
    number = trained(OLDER)

    verdict = gate(registry, number, as_of=OLDER, newest_published=newest_published)

    assert (verdict.decision, verdict.model_version) == ("backfill", number)
    assert aliases(registry) == (None, newest)


def test_a_version_is_judged_once_whatever_happened_since(registry: Registry, trained: Train, gate: Gate) -> None:
    champion = trained(OLDER)
    gate(registry, champion, as_of=OLDER)
    kept = trained(EARLIER, bad=True)
    verdict = gate(registry, kept, as_of=EARLIER)
    newest = trained(AS_OF)
    gate(registry, newest, as_of=AS_OF)
    registry.alias("champion", champion)

    assert gate(registry, kept, as_of=EARLIER, newest_published=AS_OF) == verdict
    assert gate(registry, newest, as_of=AS_OF).model_version == newest
    assert aliases(registry) == (None, champion)
    assert {"decision": "kept_previous", "forecast_by": str(champion)}.items() <= registry.version(kept).tags.items()


def test_a_version_that_is_the_champion_already_is_promoted_without_a_comparison(
    registry: Registry, trained: Train, gate: Gate
) -> None:
    number = trained(AS_OF)
    registry.alias("champion", number)

    verdict = gate(registry, number, as_of=AS_OF)

    assert (verdict.decision, verdict.model_version) == ("promoted", number)
    assert verdict.reasons == ("it is already the champion",)


@pytest.mark.usefixtures("environment")
def test_the_job_tells_the_run_which_version_forecasts_and_prints_it_last(
    registry: Registry, trained: Train, lake: Lake, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    publish_new_run(database, lake, AS_OF)
    write_snapshots(lake, SNAPSHOTS)
    number = trained(EARLIER, holdout=False)
    run_id = plan(database.writer, EARLIER)

    main(["--as-of", str(EARLIER), "--run-id", str(run_id), "--model-version", str(number)])

    printed = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert printed == {
        "model_name": "clv",
        "model_version": number,
        "decision": "backfill",
        "reasons": ["month 2024-10 is already published", "no month has matured to compare on"],
    }
    [run] = fetch(database.writer, "run", run_id=run_id)
    assert run["model_version"] == number
    assert [task["task"] for task in fetch(database.writer, "run_tasks", run_id=run_id)] == ["retrain.promote"]


@pytest.mark.usefixtures("environment")
def test_every_run_leaves_its_decision_and_who_is_champion_once_it_is_published(
    registry: Registry, trained: Train, lake: Lake, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Promotion, "_train", lambda self, as_of: registered(self.registry, as_of))
    first, worse = trained(EARLIER), trained(AS_OF, bad=True)
    runs = {number: plan(database.writer, as_of) for number, as_of in ((first, EARLIER), (worse, AS_OF))}
    write_snapshots(lake, SNAPSHOTS)

    for number, as_of in ((first, EARLIER), (worse, AS_OF), (worse, AS_OF)):
        main(["--as-of", str(as_of), "--run-id", str(runs[number]), "--model-version", str(number)])
        registry.alias("champion", first)

    one, other = decisions(database)
    assert one | {"reasons": ...} == {
        "run_id": runs[first],
        "as_of": EARLIER,
        "model_version": first,
        "decision": "first",
        "forecast_by": first,
        "champion_before": None,
        "champion_after": first,
        "reasons": ...,
        "decided_by": "gate",
        "model_name": "clv",
    }
    assert (other["decision"], other["forecast_by"], other["champion_after"]) == ("kept_champion", first, first)
    assert "against trailing value" in other["reasons"]
    assert "fails" in other["reasons"]
