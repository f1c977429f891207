from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from mlflow import MlflowClient
from sqlalchemy import text

from jobs.core.postgres import fetch
from jobs.features.rfm_cuts import RfmCuts
from jobs.forecasting.encoder import InputError
from jobs.lake.lake import Lake
from jobs.lake.versions import IncompleteError
from jobs.models.file_hashes import hashes_of, record_hashes
from jobs.models.model_version import unpack
from jobs.models.registry import Registry
from jobs.models.training import GROUP_IMPORTANCE, inputs_of, train
from jobs.models.training_data import read_history
from jobs.train import main
from tests.conftest import Database, emptied_registry
from tests.forecasts import plan
from tests.snapshots import QUICK, TABLE, simulated_snapshots, write_snapshots

SNAPSHOTS = {
    as_of: frame.assign(orders_365d=frame["recency_days"].notna() * 1.0, net_value_365d=np.arange(len(frame)) * 0.5)
    for as_of, frame in simulated_snapshots(months=9).items()
}
EARLIER, AS_OF = sorted(SNAPSHOTS)[-2:]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake that no test changes."""
    lake = Lake(str(tmp_path_factory.mktemp("shop")))
    write_snapshots(lake, SNAPSHOTS)
    return lake


@pytest.fixture(scope="module")
def registry(mlflow_server: str, module_database: Database) -> Registry:
    return emptied_registry(mlflow_server, module_database)


@pytest.fixture(scope="module")
def number(shop: Lake, registry: Registry) -> int:
    return train(shop, TABLE, registry, as_of=AS_OF, params=QUICK)


def test_training_again_from_the_same_snapshots_names_the_same_version(
    shop: Lake, registry: Registry, number: int
) -> None:
    assert train(shop, TABLE, registry, as_of=AS_OF, params=QUICK) == number


def test_another_training_from_the_same_snapshots_gives_the_same_bytes(
    shop: Lake, registry: Registry, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.models.training.code_fingerprint", lambda _: "a later commit")
    second = train(shop, TABLE, registry, as_of=AS_OF, params=QUICK)

    assert second != number
    for part in ("forecaster", "backtest"):
        assert registry.fetch(second, part) == registry.fetch(number, part)


def test_a_version_without_a_recorded_hash_is_trained_again(
    shop: Lake, registry: Registry, number: int, module_database: Database
) -> None:
    with module_database.owner.begin() as connection:
        forgotten = text("DELETE FROM clv.model_hash WHERE model_version = :number RETURNING part, sha256")
        hashes = {row.part: row.sha256 for row in connection.execute(forgotten, {"number": number})}

    again = train(shop, TABLE, registry, as_of=AS_OF, params=QUICK)

    assert again > number
    assert hashes_of(registry.database, registry.model, again) == hashes
    assert record_hashes(registry.database, registry.model, number, hashes)


def test_a_version_shows_the_candidates_of_the_fold_its_twin_was_fitted_at(registry: Registry, number: int) -> None:
    version = registry.version(number)

    assert version.as_of == AS_OF
    assert version.holdout_origin == unpack(registry.fetch(number, "backtest")).as_of
    client = MlflowClient(registry.tracking_uri)
    metrics = client.get_run(client.get_model_version(registry.model, str(number)).run_id).data.metrics
    assert {"ours/wape", "trailing_value/wape", "btyd/wape"} <= metrics.keys()
    shares = [share for name, share in metrics.items() if name.startswith(f"{GROUP_IMPORTANCE}/")]
    assert sum(shares) == pytest.approx(1.0)


def test_the_model_carries_the_quintiles_of_all_customers_not_of_the_training_sample(
    shop: Lake, registry: Registry, number: int
) -> None:
    cuts = RfmCuts.of(SNAPSHOTS[AS_OF])
    assert unpack(registry.fetch(number, "forecaster")).rfm_cuts == cuts

    sampled = train(shop, TABLE, registry, as_of=AS_OF, params=replace(QUICK, max_customers=len(SNAPSHOTS[AS_OF]) // 2))
    assert unpack(registry.fetch(sampled, "forecaster")).rfm_cuts == cuts


def test_training_points_no_alias(registry: Registry, number: int) -> None:
    assert (registry.aliased("challenger"), registry.aliased("champion")) == (None, None)


def test_other_snapshots_settings_or_months_are_another_origin(lake: Lake) -> None:
    write_snapshots(lake, SNAPSHOTS)
    origins = [
        inputs_of(lake, TABLE, as_of=AS_OF, params=QUICK),
        inputs_of(lake, TABLE, as_of=AS_OF, params=replace(QUICK, rounds=4)),
        inputs_of(lake, TABLE, as_of=EARLIER, params=QUICK),
    ]
    write_snapshots(lake, {EARLIER: SNAPSHOTS[EARLIER].assign(city="Leeds")})
    origins.append(inputs_of(lake, TABLE, as_of=AS_OF, params=QUICK))

    assert len(set(origins)) == 4


def test_later_snapshots_are_no_part_of_an_earlier_months_origin(lake: Lake) -> None:
    write_snapshots(lake, {day: frame for day, frame in SNAPSHOTS.items() if day <= EARLIER})
    before = inputs_of(lake, TABLE, as_of=EARLIER, params=QUICK)
    write_snapshots(lake, {AS_OF: SNAPSHOTS[AS_OF]})

    assert inputs_of(lake, TABLE, as_of=EARLIER, params=QUICK) == before


def test_a_history_that_is_too_short_is_refused_with_the_number_of_months_needed(
    lake: Lake, registry: Registry
) -> None:
    first = min(SNAPSHOTS)
    write_snapshots(lake, {first: SNAPSHOTS[first]})

    with pytest.raises(InputError, match=r"1 snapshot.* needs at least 2"):
        train(lake, TABLE, registry, as_of=first, params=QUICK)


def test_a_missing_snapshot_is_an_error_that_names_it(lake: Lake, registry: Registry) -> None:
    with pytest.raises(IncompleteError, match=f"features has no complete as_of={AS_OF}"):
        train(lake, TABLE, registry, as_of=AS_OF, params=QUICK)


def test_a_large_shop_is_read_by_the_same_sample_of_customers_in_every_snapshot(shop: Lake) -> None:
    everybody = read_history(shop, TABLE, 1000, [EARLIER, AS_OF])
    sample = read_history(shop, TABLE, 10, [EARLIER, AS_OF])

    chosen = set(sample[AS_OF]["customer_id"])
    assert len(chosen) == 10
    for as_of, frame in everybody.items():
        expected = frame[frame["customer_id"].isin(chosen)].reset_index(drop=True)
        assert sample[as_of].equals(expected)


@pytest.mark.usefixtures("environment")
def test_the_job_prints_the_version_last_and_records_what_it_cost(
    lake: Lake, registry: Registry, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    write_snapshots(lake, SNAPSHOTS)
    run_id = plan(database.writer, EARLIER)

    main(["--as-of", str(EARLIER), "--run-id", str(run_id)])

    printed = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert registry.version(printed["model_version"]).as_of == EARLIER
    assert [task["task"] for task in fetch(database.writer, "run_tasks", run_id=run_id)] == ["retrain.train"]
