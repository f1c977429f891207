from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from pyspark.sql import SparkSession
from sqlalchemy import text

from jobs.core.fence import SupersededError
from jobs.core.postgres import fetch
from jobs.forecasting.fit import fit
from jobs.forecasting.forecaster import Forecaster
from jobs.lake.arrow import read_rows
from jobs.lake.lake import Lake
from jobs.lake.tables import FORECASTS
from jobs.lake.versions import IncompleteError
from jobs.models.model_version import Training
from jobs.models.registry import Registry, UncheckedError
from jobs.models.scoring import Model, ScoreError, forecast, score
from jobs.score import main
from tests.conftest import Database
from tests.forecasts import plan
from tests.models.test_registry import ORIGIN
from tests.periods import planned
from tests.scoring import served
from tests.snapshots import QUICK, TABLE, model_frames, simulated_snapshots, write_snapshots

SNAPSHOTS = simulated_snapshots(months=20)
FRAMES = model_frames(SNAPSHOTS)
EARLIER, AS_OF = sorted(SNAPSHOTS)[-2:]


@pytest.fixture(scope="module")
def forecaster() -> Forecaster:
    """Fitted a month before the snapshot that is scored, as a champion that was kept."""
    return fit(FRAMES, as_of=EARLIER, params=QUICK)


@pytest.fixture(scope="module")
def model(forecaster: Forecaster, tmp_path_factory: pytest.TempPathFactory) -> Model:
    return served(forecaster, tmp_path_factory.mktemp("model"))


@pytest.fixture
def shop(lake: Lake) -> Lake:
    write_snapshots(lake, {AS_OF: SNAPSHOTS[AS_OF]})
    return lake


def expected(forecaster: Forecaster) -> pd.DataFrame:
    """The forecast that pandas alone makes."""
    alone = forecaster.predict(FRAMES[AS_OF], as_of=AS_OF).assign(model_version=3)
    return alone[FORECASTS.names].sort_values("customer_id", ignore_index=True)


@pytest.mark.parametrize("partitions", [1, 4])
def test_spark_forecasts_what_pandas_forecasts_however_it_cuts_the_snapshot(
    spark: SparkSession, forecaster: Forecaster, model: Model, partitions: int
) -> None:
    customers = spark.createDataFrame(FRAMES[AS_OF][list(model.columns)]).repartition(partitions)

    actual = forecast(customers, model, as_of=AS_OF).toPandas()

    assert set(actual.pop("as_of")) == {str(AS_OF)}
    actual = actual.sort_values("customer_id", ignore_index=True)
    pd.testing.assert_frame_equal(actual, expected(forecaster), check_exact=True)


def test_every_customer_of_the_snapshot_gets_exactly_one_forecast_in_the_lake(
    spark: SparkSession, shop: Lake, forecaster: Forecaster, model: Model
) -> None:
    made = score(spark, shop, TABLE, model, as_of=AS_OF)

    written = read_rows(shop, FORECASTS, [AS_OF]).to_pandas()
    assert made.rows == len(SNAPSHOTS[AS_OF])
    written = written.sort_values("customer_id", ignore_index=True)
    pd.testing.assert_frame_equal(written, expected(forecaster), check_exact=True)
    assert {"never_bought", "dormant", "active"} <= set(written["status"])


def test_scoring_again_with_the_same_version_changes_nothing_and_with_another_replaces_it(
    spark: SparkSession, shop: Lake, model: Model
) -> None:
    made = score(spark, shop, TABLE, model, as_of=AS_OF)
    first = shop.files_of(FORECASTS, [AS_OF])

    assert score(spark, shop, TABLE, model, as_of=AS_OF) == made
    assert shop.files_of(FORECASTS, [AS_OF]) == first

    score(spark, shop, TABLE, replace(model, number=4), as_of=AS_OF)
    assert set(read_rows(shop, FORECASTS, [AS_OF])["model_version"].to_pylist()) == {4}


def test_a_model_that_reads_a_column_the_features_lack_is_refused(
    spark: SparkSession, shop: Lake, model: Model
) -> None:
    fewer = replace(TABLE, columns=tuple(column for column in TABLE.columns if column.name != "net_value_30d"))

    with pytest.raises(ScoreError, match="columns net_value_30d, which the table features does not have"):
        score(spark, shop, fewer, model, as_of=AS_OF)


def test_a_month_without_a_snapshot_is_an_error_that_names_it(spark: SparkSession, lake: Lake, model: Model) -> None:
    with pytest.raises(IncompleteError, match=f"features has no complete as_of={AS_OF}"):
        score(spark, lake, TABLE, model, as_of=AS_OF)


@pytest.mark.usefixtures("spark", "environment")
def test_the_job_refuses_a_version_whose_files_cannot_be_checked(
    shop: Lake, registry: Registry, database: Database, forecaster: Forecaster
) -> None:
    example = FRAMES[EARLIER].head(2)
    training = Training(forecaster=forecaster, backtest=None, params={}, metrics={}, figures={}, example=example)
    number = registry.register(training, ORIGIN)
    run_id = plan(database.writer, AS_OF)
    with database.owner.begin() as connection:
        connection.execute(text("DELETE FROM clv.model_hash"))

    with pytest.raises(UncheckedError, match=f"version {number}: clv.model_hash holds no hash of its forecaster"):
        main(["--as-of", str(AS_OF), "--run-id", str(run_id), "--model-version", str(number)])
    assert not shop.is_complete(FORECASTS, AS_OF)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The job without the first month and the validation, which need the whole lake."""
    for name in ("score_first_month", "validate"):
        monkeypatch.setattr(f"jobs.score.{name}", lambda *_, **__: None)


@pytest.mark.usefixtures("spark", "environment", "alone")
def test_the_job_scores_with_the_version_it_was_given(
    shop: Lake, registry: Registry, database: Database, forecaster: Forecaster
) -> None:
    example = FRAMES[EARLIER].head(2)
    training = Training(forecaster=forecaster, backtest=None, params={}, metrics={}, figures={}, example=example)
    given, newer = registry.register(training, ORIGIN), registry.register(training, ORIGIN)
    run_id = plan(database.writer, AS_OF, lake=shop)

    main(["--as-of", str(AS_OF), "--run-id", str(run_id), "--model-version", str(given)])

    assert newer > given
    assert set(read_rows(shop, FORECASTS, [AS_OF])["model_version"].to_pylist()) == {given}
    [run] = fetch(database.writer, "run_forecast", run_id=run_id)
    assert run["forecast_fingerprint"] == shop.record(FORECASTS, AS_OF).fingerprint
    [task] = fetch(database.writer, "run_tasks", run_id=run_id)
    assert (task["task"], task["rows"]) == ("score", len(SNAPSHOTS[AS_OF]))

    newer_run = plan(database.writer, AS_OF)
    with pytest.raises(SupersededError, match=f"superseded by run {newer_run}"):
        main(["--as-of", str(AS_OF), "--run-id", str(run_id), "--model-version", str(newer)])


def test_a_score_that_wakes_up_after_a_newer_run_leaves_the_newer_forecast(
    spark: SparkSession, shop: Lake, model: Model
) -> None:
    late = planned(shop, AS_OF, 1)
    assert late.record(TABLE, AS_OF).rows
    newer = planned(shop, AS_OF, 2)
    made = score(spark, newer, TABLE, replace(model, number=4), as_of=AS_OF)
    with pytest.raises(SupersededError, match="superseded by run 2"):
        score(spark, late, TABLE, model, as_of=AS_OF)
    assert shop.record(FORECASTS, AS_OF) == made
