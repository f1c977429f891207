from __future__ import annotations

import json
from dataclasses import replace

import pytest
from mlflow import MlflowClient

from jobs.core.month import Month
from jobs.core.postgres import fetch
from jobs.forecasting.params import ModelParams
from jobs.forecasting.tuning import SPACE, candidates
from jobs.lake.lake import Lake
from jobs.lake.versions import IncompleteError
from jobs.models.registry import Registry
from jobs.models.training import inputs_of, params_of, train, tune_month
from jobs.tune import main
from tests.conftest import Database
from tests.forecasts import plan
from tests.models.test_registry import ORIGIN
from tests.snapshots import QUICK, TABLE, simulated_snapshots, write_snapshots

SNAPSHOTS = simulated_snapshots(months=9)
EARLIER, AS_OF = sorted(SNAPSHOTS)[-2:]


def test_a_search_is_kept_with_what_it_searched_on(lake: Lake, registry: Registry) -> None:
    write_snapshots(lake, SNAPSHOTS)
    tried = list(candidates(QUICK, 2))

    run_id = tune_month(lake, TABLE, registry, as_of=AS_OF, present=QUICK, tried=tried)

    client = MlflowClient(registry.tracking_uri)
    run = client.get_run(run_id)
    origin = inputs_of(lake, TABLE, as_of=AS_OF, params=QUICK)
    assert client.get_experiment(run.info.experiment_id).name == "clv_tuning"
    assert vars(origin).items() <= run.data.tags.items()
    assert run.info.run_name == f"{Month.before(AS_OF)} as of {AS_OF}"
    assert run.data.tags["data_month"] == str(Month.before(AS_OF))
    settings = registry.tuned(AS_OF)
    assert settings is not None
    assert set(settings) == set(SPACE)
    assert {name: str(value) for name, value in settings.items()} == run.data.params


def test_the_same_snapshots_give_the_same_settings(lake: Lake, registry: Registry) -> None:
    write_snapshots(lake, SNAPSHOTS)
    actual = []
    for _ in range(2):
        tune_month(lake, TABLE, registry, as_of=AS_OF, present=QUICK, tried=candidates(QUICK, 2))
        actual.append(registry.tuned(AS_OF))

    assert actual[0] == actual[1]


def test_a_training_uses_what_had_been_found_by_its_month(registry: Registry) -> None:
    assert params_of(registry, as_of=AS_OF) == ModelParams()

    registry.keep_tuning({"settings": {"rounds": 70}}, replace(ORIGIN, as_of=str(AS_OF)))
    registry.keep_tuning({"settings": {"rounds": 50}}, replace(ORIGIN, as_of=str(EARLIER)))

    assert params_of(registry, as_of=AS_OF) == replace(ModelParams(), rounds=70)
    assert params_of(registry, as_of=EARLIER) == replace(ModelParams(), rounds=50)
    assert params_of(registry, as_of=min(SNAPSHOTS)) == ModelParams()

    registry.keep_tuning({"settings": {"rounds": 60}}, replace(ORIGIN, as_of=str(EARLIER)))

    assert params_of(registry, as_of=EARLIER) == replace(ModelParams(), rounds=60)


def test_other_settings_are_another_version(lake: Lake, registry: Registry) -> None:
    write_snapshots(lake, SNAPSHOTS)
    plain = train(lake, TABLE, registry, as_of=AS_OF, params=QUICK)
    tuned = train(lake, TABLE, registry, as_of=AS_OF, params=replace(QUICK, split_gain=4.0))

    tags = [registry.version(number).tags["params_fingerprint"] for number in (plain, tuned)]
    assert tags[0] != tags[1]


def test_a_missing_snapshot_is_an_error_that_names_it(lake: Lake, registry: Registry) -> None:
    with pytest.raises(IncompleteError, match=f"features has no complete as_of={AS_OF}"):
        tune_month(lake, TABLE, registry, as_of=AS_OF, present=QUICK, tried=[])


@pytest.mark.usefixtures("environment")
def test_the_job_prints_what_it_kept_and_records_what_it_cost(
    lake: Lake, registry: Registry, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    write_snapshots(lake, SNAPSHOTS)
    run_id = plan(database.writer, AS_OF)

    main(["--as-of", str(AS_OF), "--run-id", str(run_id), "--trials", "1"])

    printed = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert printed["settings"] == registry.tuned(AS_OF)
    assert [task["task"] for task in fetch(database.writer, "run_tasks", run_id=run_id)] == ["tune"]


@pytest.mark.usefixtures("environment")
def test_a_search_that_has_no_time_tries_nothing_and_says_so(
    lake: Lake, registry: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    write_snapshots(lake, SNAPSHOTS)

    main(["--month", "2024-09", "--minutes", "0"])

    printed = json.loads(capsys.readouterr().out.splitlines()[-1])
    tuning = MlflowClient(registry.tracking_uri).get_run(printed["tuning"])
    assert tuning.data.tags["as_of"] == str(AS_OF)
    assert printed["settings"] == {name: getattr(ModelParams(), name) for name in SPACE}
