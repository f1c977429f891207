"""The model of the first month in the registry, and the forecasts of a month's new customers in the lake."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import text

from jobs.core.month import Month
from jobs.core.settings import FIRST_MONTH_MODEL
from jobs.forecasting.encoder import InputError
from jobs.forecasting.first_month.days import completed, completed_between, first_orders
from jobs.forecasting.first_month.features import first_month_features
from jobs.forecasting.first_month.fit import fit_first_month
from jobs.lake.arrow import read_rows, write_period
from jobs.lake.first_month_tables import FIRST_MONTH, FIRST_MONTH_ACCURACY
from jobs.lake.lake import Lake
from jobs.lake.tables import DAILY, FORECASTS
from jobs.models.first_month import FirstMonthModels, unpack
from jobs.models.first_month_accuracy import write_accuracy
from jobs.models.first_month_data import completed_in, learned_from
from jobs.models.first_month_level import COHORTS, level_of, standard_level
from jobs.models.first_month_scoring import score_first_month
from jobs.models.registry import Registry
from tests.conftest import Database
from tests.first_month_lake import AS_OF, DAYS, LISTS, MONTHS, days_in, snapshot, standard, standard_version, write_shop
from tests.forecasting.first_month.shop import OPENED
from tests.forecasts import plan, row, write
from tests.models.versions import wrong
from tests.snapshots import QUICK, TABLE, write_snapshots

YOUNG = OPENED.plus(3).first_day


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake(str(tmp_path_factory.mktemp("shop")))
    write_shop(lake, Month.of(AS_OF))
    return lake


@pytest.fixture
def models(shop: Lake, database: Database, registry: Registry) -> FirstMonthModels:
    ours = Registry(registry.tracking_uri, registry.database, FIRST_MONTH_MODEL)
    return FirstMonthModels(registry=ours, lake=shop, table=TABLE)


def standard_registry(models: FirstMonthModels) -> Registry:
    return Registry(models.registry.tracking_uri, models.registry.database)


def new_customers(lake: Lake, as_of: date) -> pd.DataFrame:
    return read_rows(lake, FIRST_MONTH, [as_of]).to_pandas()


def test_the_lake_tells_the_same_as_the_days_that_were_delivered(shop: Lake) -> None:
    known = learned_from(shop, TABLE, AS_OF, 10_000)
    customers = completed(first_orders(DAYS, AS_OF), AS_OF)
    expected = first_month_features(DAYS, LISTS[LISTS["as_of"] <= pd.Timestamp(AS_OF)], customers)
    pd.testing.assert_frame_equal(first_month_features(known.daily, known.profiles, customers), expected)


def test_a_version_is_trained_once_and_judged_on_customers_it_had_not_seen(
    models: FirstMonthModels, database: Database
) -> None:
    number = models.train(AS_OF)
    assert models.train(AS_OF) == number
    version = models.registry.version(number)
    assert version.holdout_origin == OPENED.plus(MONTHS // 2).first_day
    run_id = plan(database.writer, AS_OF)
    verdict = models.judge(number, as_of=AS_OF, run_id=run_id)
    assert verdict.model_version in (number, models.registry.newest(Month.before(AS_OF).first_day))
    with database.owner.connect() as connection:
        [decided] = connection.execute(text("SELECT model_name, run_id FROM clv.model_decision")).all()
    assert tuple(decided) == (FIRST_MONTH_MODEL, run_id)


def test_everybody_who_completed_the_first_month_in_the_data_month_is_forecast_once(models: FirstMonthModels) -> None:
    write(models.lake, AS_OF, [row("c0001", model_version=standard_version(standard_registry(models)))])
    number = models.train(AS_OF)
    record = score_first_month(models, number, as_of=AS_OF)
    made = new_customers(models.lake, AS_OF)
    first = completed_between(first_orders(DAYS, AS_OF), Month.before(AS_OF).first_day, AS_OF)
    assert made["customer_id"].tolist() == sorted(first.index)
    assert record.rows == len(first) > 10
    features = first_month_features(DAYS, LISTS, first.sort_index())
    own = unpack(models.registry.fetch(number))
    expected = own.predict(features, level_of(models, own, AS_OF))
    assert made["clv_12m"].tolist() == expected["clv_12m"].tolist()
    assert set(made["completed_on"] - made["first_ordered_on"]) == {timedelta(days=30)}
    assert score_first_month(models, number, as_of=AS_OF) == record
    before = models.lake.folder(FIRST_MONTH, AS_OF)
    assert score_first_month(models, number, as_of=AS_OF, is_forced=True) == record
    assert models.lake.folder(FIRST_MONTH, AS_OF) != before


def test_the_accuracy_is_that_of_the_holdout_model_and_the_simple_forecasts(models: FirstMonthModels) -> None:
    write_accuracy(models, models.train(AS_OF), as_of=AS_OF)
    accuracy = read_rows(models.lake, FIRST_MONTH_ACCURACY, [AS_OF]).to_pandas().set_index("candidate")
    assert set(accuracy.index) == {"first_month", "cohort_mean", "spend_times_ratio", "pareto_nbd_gg"}
    assert accuracy["actual_total"].nunique() == accuracy["customers"].nunique() == 1
    assert accuracy["coverage"].notna().tolist() == [name == "first_month" for name in accuracy.index]


def test_the_standard_model_gives_the_level_and_fades_as_customers_mature(shop: Lake) -> None:
    """A standard model that forecasts everybody ten times as much raises the level by so much as it weighs."""
    known = completed_in(shop, TABLE, AS_OF, COHORTS)
    own, once = fit_first_month(DAYS, LISTS, as_of=AS_OF, params=QUICK), standard()

    def level(matured: int, factor: float) -> float:
        return standard_level(replace(own, matured=matured), wrong(once, factor), shop, TABLE, known, AS_OF)

    raised = {matured: level(matured, 10.0) / level(matured, 1.0) for matured in (0, 1_000)}
    assert 10.0**0.8 < raised[0] < 10.0
    assert raised[1_000] == pytest.approx(raised[0] ** 0.5)
    assert level(10**9, 10.0) == pytest.approx(1.0, abs=1e-4)


def test_the_level_is_not_that_of_what_new_customers_did_after_the_snapshot_before_their_day_30(shop: Lake) -> None:
    known, own = completed_in(shop, TABLE, AS_OF, COHORTS), fit_first_month(DAYS, LISTS, as_of=AS_OF, params=QUICK)
    day_30 = known.daily["customer_id"].map(first_orders(known.daily, AS_OF)) + pd.Timedelta(days=30)
    until = replace(known, daily=known.daily[known.daily["ordered_on"] < day_30])
    assert len(until.daily) < len(known.daily)
    levels = {standard_level(own, standard(), shop, TABLE, customers, AS_OF) for customers in (known, until)}
    assert len(levels) == 1


def test_without_an_earlier_snapshot_the_level_is_its_own(shop: Lake, tmp_path: Path) -> None:
    known, own = completed_in(shop, TABLE, AS_OF, COHORTS), fit_first_month(DAYS, LISTS, as_of=AS_OF, params=QUICK)
    assert standard_level(own, standard(), Lake(str(tmp_path)), TABLE, known, AS_OF) == 1.0


def test_where_too_little_is_known_the_standard_forecasts_stand_in(models: FirstMonthModels) -> None:
    with pytest.raises(InputError, match="100 and 30 are needed"):
        models.train(YOUNG)
    first = completed_between(first_orders(DAYS, YOUNG), Month.before(YOUNG).first_day, YOUNG)
    write(models.lake, YOUNG, [row(name, level=f"{place}.00") for place, name in enumerate(first.index, start=1)])
    score_first_month(models, None, as_of=YOUNG)
    made = new_customers(models.lake, YOUNG)
    standard = read_rows(models.lake, FORECASTS, [YOUNG]).to_pandas().set_index("customer_id").loc[made["customer_id"]]
    assert set(made["method"]) == {"standard"}
    assert made["clv_12m"].tolist() == standard["clv_12m"].tolist()
    assert made["model_version"].tolist() == standard["model_version"].tolist()


def test_a_month_without_new_customers_has_none(models: FirstMonthModels, shop: Lake) -> None:
    late = OPENED.plus(MONTHS + 1)
    for month in (OPENED.plus(MONTHS), late):
        write_period(days_in(month, DAYS.head(0)), shop, DAILY, month, {})
    write_snapshots(shop, {late.as_of: snapshot(late.as_of)})
    write(shop, late.as_of, [row("c0001")])
    number = models.train(AS_OF)
    assert score_first_month(models, number, as_of=late.as_of).rows == 0
