from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from jobs.core.postgres import fetch
from jobs.forecasting.bootstrap import MEASURES, MONEY, measure
from jobs.forecasting.champion_challenger import CHAMPION, compare_candidates
from jobs.forecasting.fit import fit
from jobs.forecasting.forecaster import Forecaster
from jobs.forecasting.gate import RULES
from jobs.lake.lake import Lake
from jobs.models.model_version import Training, TrainingInputs
from jobs.models.promotion import promote
from jobs.models.registry import Registry, TamperedError
from jobs.models.training_data import read_holdout
from jobs.models.verdict import PromoteError, Verdict
from jobs.promote import main
from tests.conftest import Database
from tests.forecasts import plan, publish_new_run
from tests.models.test_registry import overwrite
from tests.snapshots import QUICK, TABLE, model_frames, simulated_snapshots, write_snapshots

SNAPSHOTS = simulated_snapshots(months=10)
FRAMES = model_frames(SNAPSHOTS)
OLDER, EARLIER, AS_OF = sorted(SNAPSHOTS)[-3:]
HOLDOUT_OF = dict(zip((OLDER, EARLIER, AS_OF), sorted(SNAPSHOTS)[3:6], strict=True))

SO_WRONG = 1e6
"""A level that no rule lets pass."""

Train = Callable[..., int]


def wrong(forecaster: Forecaster, factor: float = SO_WRONG) -> Forecaster:
    """The forecaster at another level."""
    corrections = replace(forecaster.monthly.corrections, total_value=factor)
    return replace(forecaster, monthly=replace(forecaster.monthly, corrections=corrections))


class OtherFormat(Forecaster):
    """A forecaster as other code would have written it."""

    def save(self, folder: Path) -> None:
        super().save(folder)
        (folder / "forecaster.json").write_text('{"format": 0}', encoding="utf-8")


@pytest.fixture(scope="module")
def fitted() -> Mapping[date, Forecaster]:
    return {day: fit(FRAMES, as_of=day, params=QUICK) for day in {*HOLDOUT_OF, *HOLDOUT_OF.values()}}


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> partial[Verdict]:
    """`promote` where nothing has been published yet."""
    lake = Lake(tmp_path_factory.mktemp("shop"))
    write_snapshots(lake, SNAPSHOTS)
    return partial(promote, newest_published=None, read_holdout=partial(read_holdout, lake, TABLE, 1000))


def decisions(database: Database) -> list[dict[str, object]]:
    """What readers see of every decision, but for its number and time, oldest first."""
    query = text("SELECT * FROM clv.model_decisions ORDER BY decision_id")
    with database.reader.connect() as connection:
        rows = [dict(row) for row in connection.execute(query).mappings()]
    return [{key: value for key, value in row.items() if key not in ("decision_id", "decided_at")} for row in rows]


@pytest.fixture
def trained(registry: Registry, fitted: Mapping[date, Forecaster]) -> Train:
    """Registers a version, with a good holdout model or a bad one, or without one; its number."""
    made_by = {"input_fingerprint": "a", "params_fingerprint": "b", "code_version": "c", "libraries": "d"}

    def register(
        as_of: date, *, bad: bool = False, holdout: bool = True, holdout_model: Forecaster | None = None
    ) -> int:
        holdout_model = holdout_model or fitted[HOLDOUT_OF[as_of]]
        training = Training(
            forecaster=fitted[as_of],
            backtest=(wrong(holdout_model) if bad else holdout_model) if holdout else None,
            params={},
            metrics={},
            figures={},
            example=FRAMES[as_of].head(2),
        )
        return registry.register(training, TrainingInputs(as_of=str(as_of), **made_by))

    return register


@pytest.fixture(autouse=True)
def lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules that a forecaster of ten months passes; what the real ones are is told in test_gate.py."""
    monkeypatch.setattr("jobs.forecasting.gate.RULES", tuple(replace(rule, tolerance=9.0) for rule in RULES))


def aliases(registry: Registry) -> tuple[int | None, int | None]:
    return registry.aliased("challenger"), registry.aliased("champion")


def test_the_first_version_that_is_better_than_trailing_value_becomes_champion(
    registry: Registry, trained: Train, gate: partial[Verdict]
) -> None:
    number = trained(AS_OF)

    verdict = gate(registry, number, as_of=AS_OF)

    assert (verdict.decision, verdict.model_version) == ("first", number)
    assert aliases(registry) == (number, number)


def test_a_first_version_worse_than_trailing_value_forecasts_but_is_no_champion(
    registry: Registry, trained: Train, gate: partial[Verdict]
) -> None:
    number = trained(AS_OF, bad=True)

    verdict = gate(registry, number, as_of=AS_OF)

    assert (verdict.decision, verdict.model_version) == ("not_promoted", number)
    assert any("against trailing value" in reason and "fails" in reason for reason in verdict.reasons)
    assert aliases(registry) == (number, None)


def test_a_better_version_takes_the_champions_place(registry: Registry, trained: Train, gate: partial[Verdict]) -> None:
    gate(registry, trained(EARLIER), as_of=EARLIER)
    number = trained(AS_OF)

    verdict = gate(registry, number, as_of=AS_OF)

    assert (verdict.decision, verdict.model_version) == ("promoted", number)
    assert aliases(registry) == (number, number)


def test_the_champion_is_judged_by_its_twin_on_the_challengers_fold(
    registry: Registry, trained: Train, gate: partial[Verdict], fitted: Mapping[date, Forecaster]
) -> None:
    gate(registry, trained(EARLIER), as_of=EARLIER)
    number = trained(AS_OF)

    reasons = gate(registry, number, as_of=AS_OF).reasons

    rounds = compare_candidates(fitted[HOLDOUT_OF[AS_OF]], fitted[HOLDOUT_OF[EARLIER]], FRAMES, as_of=AS_OF)
    wape = measure(rounds)[CHAMPION][MEASURES.index(MONEY)]
    assert any(reason.startswith("wape ") and f" against champion {wape:.4g}: " in reason for reason in reasons)


def test_a_worse_version_leaves_the_month_to_the_champion(
    registry: Registry, trained: Train, gate: partial[Verdict]
) -> None:
    champion = trained(EARLIER)
    gate(registry, champion, as_of=EARLIER)
    number = trained(AS_OF, bad=True)

    verdict = gate(registry, number, as_of=AS_OF)

    assert (verdict.decision, verdict.model_version) == ("kept_champion", champion)
    assert aliases(registry) == (number, champion)


@pytest.mark.parametrize("published", [AS_OF, None], ids=["later month published", "later month is champion"])
def test_a_backfill_forecasts_with_its_own_version_and_moves_no_alias(
    registry: Registry, trained: Train, gate: partial[Verdict], published: date | None
) -> None:
    newest = trained(AS_OF)
    gate(registry, newest, as_of=AS_OF)
    number = trained(OLDER)

    verdict = gate(registry, number, as_of=OLDER, newest_published=published)

    assert (verdict.decision, verdict.model_version) == ("backfill", number)
    assert aliases(registry) == (newest, newest)


def test_a_version_is_judged_once_whatever_happened_since(
    registry: Registry, trained: Train, gate: partial[Verdict]
) -> None:
    champion = trained(OLDER)
    gate(registry, champion, as_of=OLDER)
    kept = trained(EARLIER, bad=True)
    verdict = gate(registry, kept, as_of=EARLIER)
    newest = trained(AS_OF)
    gate(registry, newest, as_of=AS_OF)
    registry.alias("champion", champion)

    assert gate(registry, kept, as_of=EARLIER, newest_published=AS_OF) == verdict
    assert gate(registry, newest, as_of=AS_OF).model_version == newest
    assert aliases(registry) == (newest, champion)
    assert {"decision": "kept_champion", "forecast_by": str(champion)}.items() <= registry.version(kept).tags.items()


def test_a_gate_that_was_killed_after_promoting_promotes_again(
    registry: Registry, trained: Train, gate: partial[Verdict]
) -> None:
    number = trained(AS_OF)
    registry.alias("champion", number)

    verdict = gate(registry, number, as_of=AS_OF)

    assert (verdict.decision, verdict.model_version) == ("promoted", number)


def test_without_a_fold_the_first_version_is_champion_and_the_next_one_is_not(
    registry: Registry, trained: Train, gate: partial[Verdict]
) -> None:
    first, second = trained(EARLIER, holdout=False), trained(AS_OF, holdout=False)

    assert gate(registry, first, as_of=EARLIER).decision == "first"
    verdict = gate(registry, second, as_of=AS_OF)
    assert (verdict.decision, verdict.model_version) == ("kept_champion", first)


def test_a_champion_without_a_twin_is_left_out_of_the_comparison(
    registry: Registry, trained: Train, gate: partial[Verdict]
) -> None:
    first = trained(EARLIER, holdout=False)
    gate(registry, first, as_of=EARLIER)

    verdict = gate(registry, trained(AS_OF), as_of=AS_OF)

    assert verdict.decision == "promoted"
    assert verdict.reasons[0].startswith(f"champion (version {first}) cannot be compared with: its history was too")


def test_a_champion_whose_twin_knows_the_fold_is_left_out_of_the_comparison(
    registry: Registry, trained: Train, gate: partial[Verdict], fitted: Mapping[date, Forecaster]
) -> None:
    registry.alias("champion", trained(EARLIER, holdout_model=fitted[EARLIER]))

    verdict = gate(registry, trained(AS_OF), as_of=AS_OF)

    assert verdict.reasons[0].endswith(
        f"its holdout model was trained on months after {HOLDOUT_OF[AS_OF]}, where the holdout starts"
    )


def test_a_champion_that_this_code_cannot_read_is_left_out_of_the_comparison(
    registry: Registry, trained: Train, gate: partial[Verdict], fitted: Mapping[date, Forecaster]
) -> None:
    other = OtherFormat(**vars(fitted[HOLDOUT_OF[EARLIER]]))
    registry.alias("champion", trained(EARLIER, holdout_model=other))
    number = trained(AS_OF, bad=True)

    verdict = gate(registry, number, as_of=AS_OF)

    assert (verdict.decision, verdict.model_version) == ("not_promoted", number)
    assert "cannot be compared with: code of another version wrote it" in verdict.reasons[0]


def test_a_champion_whose_files_were_changed_stops_the_gate(
    registry: Registry, trained: Train, gate: partial[Verdict], tmp_path: Path
) -> None:
    champion = trained(EARLIER)
    gate(registry, champion, as_of=EARLIER)
    overwrite(registry, champion, "artifacts/backtest/forecaster.json", b"{}", tmp_path)
    number = trained(AS_OF)

    with pytest.raises(TamperedError):
        gate(registry, number, as_of=AS_OF)
    assert registry.aliased("champion") == champion
    assert "decision" not in registry.version(number).tags


def test_a_version_of_another_month_is_refused(registry: Registry, trained: Train, gate: partial[Verdict]) -> None:
    number = trained(EARLIER)

    with pytest.raises(PromoteError, match=f"version {number} was trained as of {EARLIER}: give one .* {AS_OF}"):
        gate(registry, number, as_of=AS_OF)


@pytest.mark.usefixtures("environment")
def test_the_job_tells_the_run_which_version_forecasts_and_prints_it_last(
    registry: Registry, trained: Train, lake: Lake, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    publish_new_run(database, lake, AS_OF)
    number = trained(EARLIER)
    run_id = plan(database.writer, EARLIER)

    main(["--as-of", str(EARLIER), "--run-id", str(run_id), "--model-version", str(number)])

    printed = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert printed == {
        "model_version": number,
        "decision": "backfill",
        "reasons": ["month 2024-10 is published already"],
    }
    [run] = fetch(database.writer, "run", run_id=run_id)
    assert run["model_version"] == number
    assert [task["task"] for task in fetch(database.writer, "run_tasks", run_id=run_id)] == ["retrain.promote"]


@pytest.mark.usefixtures("environment")
def test_every_run_leaves_its_decision_and_who_is_champion_since(
    registry: Registry, trained: Train, lake: Lake, database: Database
) -> None:
    first, worse = trained(EARLIER), trained(AS_OF, bad=True)
    runs = {number: plan(database.writer, as_of) for number, as_of in ((first, EARLIER), (worse, AS_OF))}
    write_snapshots(lake, SNAPSHOTS)

    for number, as_of in ((first, EARLIER), (worse, AS_OF), (worse, AS_OF)):
        main(["--as-of", str(as_of), "--run-id", str(runs[number]), "--model-version", str(number)])

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
    }
    assert (other["decision"], other["forecast_by"], other["champion_after"]) == ("kept_champion", first, first)
    assert "against trailing value" in other["reasons"]
    assert "fails" in other["reasons"]
