"""Which version forecasts a special run, and that nothing else moves."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text

from jobs import set_champion
from jobs.core.postgres import execute, fetch
from jobs.forecasting.fit import fit
from jobs.forecasting.forecaster import Forecaster
from jobs.lake.lake import Lake
from jobs.models.model_version import Training, TrainingInputs
from jobs.models.registry import Registry
from jobs.models.verdict import PromoteError
from jobs.promote import main
from tests.conftest import Database
from tests.forecasts import count, plan, publish_new_run, seen
from tests.snapshots import QUICK, model_frames, simulated_snapshots

FRAMES = model_frames(simulated_snapshots(months=4))
EARLIER, AS_OF = sorted(FRAMES)[-2:]
SPECIAL = {"horizon_months": 3, "segment": "all", "value_basis": "net_revenue"}

pytestmark = pytest.mark.usefixtures("environment")


Train = Callable[[Registry, date], int]
Special = Callable[..., tuple[int, int, str]]


@pytest.fixture(scope="module")
def forecaster() -> Forecaster:
    return fit(FRAMES, as_of=AS_OF, params=QUICK)


@pytest.fixture
def trained(forecaster: Forecaster) -> Train:
    """Registers a version of a month whose history is too short for a holdout; its number."""

    def register(registry: Registry, as_of: date) -> int:
        example = FRAMES[AS_OF].head(2)
        training = Training(forecaster=forecaster, backtest=None, params={}, metrics={}, figures={}, example=example)
        made_by = {"input_fingerprint": "a", "params_fingerprint": "b", "code_fingerprint": "c", "libraries": "d"}
        return registry.register(training, TrainingInputs(as_of=str(as_of), **made_by))

    return register


@pytest.fixture
def special(database: Database, capsys: pytest.CaptureFixture[str]) -> Special:
    """Lets the gate see a version in a special run; the run, the version that forecasts it, and the decision."""

    def decided(number: int, as_of: date = AS_OF, basis: str = "net_revenue") -> tuple[int, int, str]:
        run_id = plan(database.writer, as_of, **SPECIAL | {"value_basis": basis})
        run = ["--as-of", str(as_of), "--run-id", str(run_id), "--model-version", str(number)]
        main([*run, "--special", "--value-basis", basis])
        printed = json.loads(capsys.readouterr().out.splitlines()[-1])
        return run_id, printed["model_version"], printed["decision"]

    return decided


def test_it_is_the_version_of_the_published_forecast_and_the_run_says_so(
    registry: Registry, trained: Train, special: Special, lake: Lake, database: Database
) -> None:
    champion, newest = trained(registry, EARLIER), trained(registry, AS_OF)
    publish_new_run(database, lake, AS_OF, model_version=champion)

    run_id, number, decision = special(newest)

    assert (number, decision) == (champion, "special")
    with database.owner.connect() as connection:
        query = text("SELECT model_name, model_version FROM clv.run WHERE run_id = :run_id")
        assert tuple(connection.execute(query, {"run_id": run_id}).one()) == ("clv", champion)


def test_of_a_month_that_is_not_published_it_is_the_month_s_own_or_the_one_that_was_decided_on(
    registry: Registry, trained: Train, special: Special, database: Database
) -> None:
    champion, newest = trained(registry, EARLIER), trained(registry, AS_OF)
    assert special(newest)[1] == newest
    judged = {"model_name": "clv", "model_version": newest, "decision": "kept_champion", "forecast_by": champion}
    champions = {"champion_before": champion, "champion_after": champion}
    why = {"run_id": plan(database.writer, AS_OF), "as_of": AS_OF, "reasons": ["better"], "decided_by": "gate"}
    execute(database.writer, "record_decision", **judged, **champions, **why)
    assert special(newest)[1] == champion


def test_no_alias_no_tag_and_no_decision_comes_of_it(
    registry: Registry, trained: Train, special: Special, database: Database
) -> None:
    champion, newest = trained(registry, EARLIER), trained(registry, AS_OF)
    registry.alias("champion", champion)
    tags = registry.version(newest).tags

    special(newest)

    assert (registry.aliased("challenger"), registry.aliased("champion")) == (None, champion)
    assert registry.version(newest).tags == tags
    assert count(database, "model_decision") == 0


def test_a_version_that_saw_what_came_after_is_refused(
    registry: Registry, trained: Train, special: Special, lake: Lake, database: Database
) -> None:
    later = trained(registry, AS_OF)
    publish_new_run(database, lake, EARLIER, model_version=later)

    with pytest.raises(PromoteError, match=f"version {later} was trained as of {AS_OF}, after {EARLIER}"):
        special(trained(registry, EARLIER), EARLIER)


def test_a_margin_has_a_champion_of_its_own_once_its_run_is_loaded(
    registry: Registry, trained: Train, special: Special, database: Database
) -> None:
    champion = trained(registry, EARLIER)
    registry.alias("champion", champion)
    margins = replace(registry, model="clv_margin_per_line")
    number = trained(margins, AS_OF)
    assert (registry.newest(AS_OF), margins.newest(AS_OF)) == (None, number)

    run_id, *decided = special(number, basis="margin_per_line")
    assert decided == [number, "first"]
    run = ["--as-of", str(AS_OF), "--run-id", str(run_id), "--value-basis", "margin_per_line", "--special"]
    set_champion.main(run)
    assert margins.aliased("champion") is None
    total = {"customers": 1, "clv": 10, "clv_p10": 5, "clv_p90": 20, "lake_fingerprint": "abc"}
    execute(database.writer, "record_special_load", run_id=run_id, **total)
    set_champion.main(run)

    assert (margins.aliased("champion"), registry.aliased("champion")) == (number, champion)
    assert registry.aliased("challenger") is None
    [decision] = seen(database, "model_decisions")
    assert (decision["model_name"], decision["champion_after"]) == (margins.model, number)
    assert decision["took_effect_at"] is not None
    assert [task["task"] for task in fetch(database.writer, "run_tasks", run_id=run_id)][-1] == "special.set_champion"


def test_a_special_run_of_the_published_value_sets_no_champion(
    registry: Registry, trained: Train, special: Special, database: Database
) -> None:
    champion, newest = trained(registry, EARLIER), trained(registry, AS_OF)
    registry.alias("champion", champion)
    run_id, *_ = special(newest)
    set_champion.main(["--as-of", str(AS_OF), "--run-id", str(run_id), "--special"])
    assert registry.aliased("champion") == champion
