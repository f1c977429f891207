from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from jobs.core.month import HORIZONS
from jobs.core.postgres import execute, fetch
from jobs.forecasting.fit import fit
from jobs.forecasting.forecaster import Forecaster
from jobs.forecasting.horizon import predict_horizon, total_interval
from jobs.forecasting.status import STATUSES
from jobs.lake.lake import Lake, parquet_files, special_lake
from jobs.lake.tables import FORECASTS, SPECIAL_FORECASTS, SPECIAL_TOTALS
from jobs.models.model_version import Training
from jobs.models.registry import Registry
from jobs.models.scoring import Model, ScoreError, score
from jobs.models.special_scoring import score_special
from jobs.planning.segment import Segment, parse
from jobs.publishing.special import publish_special
from jobs.score_special import main
from jobs.validate import main as validate
from tests.conftest import Database
from tests.forecasts import plan, seen
from tests.models.test_registry import ORIGIN
from tests.scoring import served
from tests.snapshots import QUICK, TABLE, model_frames, simulated_snapshots, write_snapshots

CITIES = ("Bonn", "Köln, Süd", 'the "Hague"', "'; DROP TABLE x;--", None)
SNAPSHOTS = simulated_snapshots(months=20)
for _frame in SNAPSHOTS.values():
    _frame["city"] = [CITIES[number % len(CITIES)] for number in range(len(_frame))]
FRAMES = model_frames(SNAPSHOTS)
EARLIER, AS_OF = sorted(SNAPSHOTS)[-2:]


@pytest.fixture(scope="module")
def forecaster() -> Forecaster:
    return fit(FRAMES, as_of=EARLIER, params=QUICK)


@pytest.fixture(scope="module")
def model(forecaster: Forecaster, tmp_path_factory: pytest.TempPathFactory) -> Model:
    return served(forecaster, tmp_path_factory.mktemp("model"))


@pytest.fixture
def shop(lake: Lake) -> Lake:
    write_snapshots(lake, {AS_OF: SNAPSHOTS[AS_OF]})
    return lake


def scored(spark: SparkSession, shop: Lake, model: Model, months: int, text: str) -> tuple[pd.DataFrame, pd.Series]:
    """The forecasts and the total of a special run."""
    parameters = {"horizon_months": months, "segment": parse(text, TABLE)}
    made = score_special(spark, shop, TABLE, model, as_of=AS_OF, run_id=17, **parameters)  # type: ignore[arg-type]
    own = special_lake(shop, 17)
    files = {table: parquet_files(own, table, [AS_OF]) for table in (SPECIAL_FORECASTS, SPECIAL_TOTALS)}
    frames = {table.name: pd.concat(map(pd.read_parquet, paths)) for table, paths in files.items()}
    forecasts = frames["special_forecasts"].sort_values("customer_id", ignore_index=True)
    [total] = [row for _, row in frames["special_totals"].iterrows()]
    assert made.rows == len(forecasts) == total.customers
    return forecasts, total


def standard(forecaster: Forecaster) -> pd.DataFrame:
    return forecaster.predict(FRAMES[AS_OF], as_of=AS_OF).sort_values("customer_id", ignore_index=True)


@pytest.mark.parametrize("months", HORIZONS)
def test_the_value_is_the_standard_forecast_s_and_the_interval_that_of_these_months(
    spark: SparkSession, shop: Lake, forecaster: Forecaster, model: Model, months: int
) -> None:
    actual, total = scored(spark, shop, model, months, "all")

    known = standard(forecaster)
    assert actual["clv"].tolist() == known[f"clv_{months}m"].tolist()
    assert actual[["customer_id", "status", "method"]].equals(known[["customer_id", "status", "method"]])
    outlook = forecaster.expect(FRAMES[AS_OF], AS_OF).outlook(months)
    lower, upper = forecaster.intervals.of(outlook, months)
    ends = pd.DataFrame({"customer_id": FRAMES[AS_OF]["customer_id"], "lower": lower, "upper": upper})
    ends = ends.sort_values("customer_id", ignore_index=True)
    value = actual["clv"].astype(float)
    lower, upper = np.minimum(ends["lower"].round(2), value), np.maximum(ends["upper"].round(2), value)
    assert actual["clv_p10"].astype(float).tolist() == pytest.approx(lower.tolist(), abs=1e-9)
    assert actual["clv_p90"].astype(float).tolist() == pytest.approx(upper.tolist(), abs=1e-9)
    assert total.clv == sum(actual["clv"])
    joint = forecaster.intervals.of_total(outlook, months, QUICK.coverage)
    assert [float(total.clv_p10), float(total.clv_p90)] == pytest.approx(list(joint), rel=1e-3)
    assert float(total.clv_p90 - total.clv_p10) != pytest.approx(float(sum(actual["clv_p90"] - actual["clv_p10"])))


def test_twelve_months_are_the_standard_run_to_the_cent(
    spark: SparkSession, shop: Lake, forecaster: Forecaster, model: Model
) -> None:
    actual, _ = scored(spark, shop, model, 12, "all")

    known = standard(forecaster)
    for ours, theirs in {"clv_p10": "clv_12m_p10", "clv_p90": "clv_12m_p90", "p_active": "p_active_12m"}.items():
        assert actual[ours].tolist() == known[theirs].tolist()


@pytest.mark.parametrize("value", [city for city in CITIES if city])
def test_a_segment_is_just_the_customers_that_have_the_value(
    spark: SparkSession, shop: Lake, forecaster: Forecaster, model: Model, value: str
) -> None:
    actual, _ = scored(spark, shop, model, 3, str(Segment("city", (value,))))

    inside = SNAPSHOTS[AS_OF].loc[SNAPSHOTS[AS_OF]["city"] == value, "customer_id"]
    assert actual["customer_id"].tolist() == sorted(inside)
    everybody = standard(forecaster).set_index("customer_id")
    assert actual["clv"].tolist() == everybody.loc[sorted(inside), "clv_3m"].tolist()


def test_a_segment_may_be_how_customers_stand(
    spark: SparkSession, shop: Lake, forecaster: Forecaster, model: Model
) -> None:
    actual, _ = scored(spark, shop, model, 6, "status=dormant,never_bought")

    known = standard(forecaster)
    inside = known[known["status"].isin(["dormant", "never_bought"])]
    assert set(inside["status"]) == {"dormant", "never_bought"} < set(STATUSES)
    assert actual["customer_id"].tolist() == inside["customer_id"].tolist()


def test_a_segment_without_customers_is_refused_with_the_values_there_are(
    spark: SparkSession, shop: Lake, model: Model
) -> None:
    with pytest.raises(ScoreError, match=rf"city=Rome holds no customer of the snapshot as of {AS_OF}; .* are .*Bonn"):
        scored(spark, shop, model, 3, "city=Rome")
    with pytest.raises(ScoreError, match=r"country=France holds no customer .*: country is empty for every customer"):
        scored(spark, shop, model, 3, "country=France")


def test_a_standard_run_forecasts_the_same_bytes_whatever_special_runs_there_were(
    spark: SparkSession, shop: Lake, model: Model
) -> None:
    def contents() -> dict[str, bytes]:
        score(spark, shop, TABLE, model, as_of=AS_OF)
        folder = shop.folder(FORECASTS, AS_OF)
        return {path.name.rpartition("-")[2]: path.read_bytes() for path in folder.iterdir()}

    before, periods = contents(), shop.periods(FORECASTS)
    scored(spark, shop, model, 1, "city=Bonn")
    scored(spark, shop, model, 12, "status=new,active")

    assert (contents(), shop.periods(FORECASTS)) == (before, periods)
    made_before = shop.record(FORECASTS, AS_OF)
    for path in shop.folder(FORECASTS, AS_OF).iterdir():
        path.unlink()
    score(spark, shop, TABLE, model, as_of=AS_OF)
    assert shop.record(FORECASTS, AS_OF) == made_before


@given(months=st.sampled_from(HORIZONS), customers=st.lists(st.sampled_from(range(30)), unique=True, min_size=1))
@settings(max_examples=20, deadline=None)
def test_a_row_does_not_depend_on_who_else_is_asked_for_and_the_total_holds_its_sum(
    forecaster: Forecaster, months: int, customers: list[int]
) -> None:
    some = FRAMES[AS_OF].iloc[customers].reset_index(drop=True)
    actual = predict_horizon(forecaster, some, months, as_of=AS_OF)
    everybody = predict_horizon(forecaster, FRAMES[AS_OF], months, as_of=AS_OF).iloc[customers]
    pd.testing.assert_frame_equal(actual, everybody.reset_index(drop=True))
    lower, upper = total_interval(forecaster, actual, months)
    assert lower <= sum(actual["clv"], Decimal(0)) <= upper
    assert total_interval(forecaster, actual[::-1], months) == (lower, upper)


@pytest.mark.usefixtures("spark", "environment")
def test_a_special_run_is_scored_validated_and_loaded(
    shop: Lake, registry: Registry, database: Database, forecaster: Forecaster
) -> None:
    example = FRAMES[EARLIER].head(2)
    training = Training(forecaster=forecaster, backtest=None, params={}, metrics={}, figures={}, example=example)
    number = registry.register(training, ORIGIN)
    parameters = {"horizon_months": 3, "segment": "membership=annual", "value_basis": "net_revenue"}
    run_id = plan(database.writer, AS_OF, **parameters)
    execute(database.writer, "set_run_model", run_id=run_id, model_name="clv", model_version=number)
    run = ["--as-of", str(AS_OF), "--run-id", str(run_id)]

    main([*run, "--model-version", str(number), "--horizon", "3", "--segment", "membership=annual"])
    validate(["--stage", "special_forecasts", *run])
    rows = publish_special(database.writer, shop, as_of=AS_OF, run_id=run_id)

    inside = SNAPSHOTS[AS_OF][SNAPSHOTS[AS_OF]["membership"] == "annual"]
    loaded = seen(database, "special_forecast")
    assert rows == len(loaded) == len(inside)
    known = standard(forecaster).set_index("customer_id")["clv_3m"]
    assert {row["customer_id"]: row["clv"] for row in loaded} == {one: known[one] for one in inside["customer_id"]}
    tasks = [task["task"] for task in fetch(database.writer, "run_tasks", run_id=run_id)]
    assert tasks == ["special.score_special", "special.validate_special"]
    assert not shop.is_complete(FORECASTS, AS_OF)
