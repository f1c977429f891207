from __future__ import annotations

import json
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from jobs.forecasting.encoder import InputError
from jobs.forecasting.first_month.days import completed, completed_between, first_orders
from jobs.forecasting.first_month.features import first_month_features
from jobs.forecasting.first_month.fit import LEAST_CUSTOMERS, LEAST_ORDERED, Learned, fit_first_month
from jobs.forecasting.first_month.forecaster import JSON_FILE, ORDERS_FILE, VALUE_FILE, FirstMonthForecaster
from jobs.forecasting.first_month.reasons import VOCABULARY, effects
from jobs.forecasting.intervals import Intervals
from jobs.forecasting.params import ModelParams
from jobs.lake.tables import FORECAST_MONTHS, REASON_COLUMNS
from tests.forecasting.first_month.shop import daily, profiles

PARAMS = ModelParams(rounds=8, threads=1)
SHOP, LISTS = daily(600, 24), profiles(600, 24)
AS_OF = date(2021, 7, 1)


@cache
def fitted() -> FirstMonthForecaster:
    return fit_first_month(SHOP, LISTS, as_of=AS_OF, params=PARAMS)


@cache
def features() -> pd.DataFrame:
    known = SHOP[SHOP["ordered_on"] < pd.Timestamp(AS_OF)]
    return first_month_features(known, LISTS, completed_between(first_orders(SHOP, AS_OF), date(2021, 5, 1), AS_OF))


@cache
def forecast() -> pd.DataFrame:
    return fitted().predict(features())


def test_everybody_gets_one_row_whose_months_sum_to_the_cent() -> None:
    assert forecast()["customer_id"].tolist() == features()["customer_id"].tolist()
    assert (forecast()[list(FORECAST_MONTHS)].sum(axis=1) == forecast()["clv_12m"]).all()
    assert (forecast()["clv_12m_p10"] <= forecast()["clv_12m"]).all()
    assert (forecast()["clv_12m"] <= forecast()["clv_12m_p90"]).all()
    assert forecast()["p_active_12m"].between(0.0, 1.0).all()
    assert forecast().drop(columns=["reason_2", "reason_3"]).notna().all(axis=None)


def test_who_spends_and_orders_more_in_the_first_month_is_forecast_more() -> None:
    value = forecast()["clv_12m"].astype(float)
    often = features()["order_days_first_month"].to_numpy() >= 3
    assert value[often].mean() > 1.5 * value[~often].mean()


def test_a_customer_forecast_alone_is_forecast_the_same() -> None:
    alone = fitted().predict(features().iloc[[3]].reset_index(drop=True))
    pd.testing.assert_frame_equal(alone, forecast().iloc[[3]].reset_index(drop=True))


def test_nobody_to_forecast_is_no_error() -> None:
    assert fitted().predict(features().iloc[:0]).empty


def test_what_happens_from_as_of_on_changes_nothing() -> None:
    known = SHOP[SHOP["ordered_on"] < pd.Timestamp(AS_OF)]
    lists = LISTS[LISTS["as_of"] <= pd.Timestamp(AS_OF)]
    then = fit_first_month(known, lists, as_of=AS_OF, params=PARAMS)
    pd.testing.assert_frame_equal(then.predict(features()), forecast())


def test_the_same_data_in_any_order_make_the_same_bytes(tmp_path: Path) -> None:
    shuffled = fit_first_month(SHOP.sample(frac=1.0, random_state=5), LISTS, as_of=AS_OF, params=PARAMS)
    for name, forecaster in (("one", fitted()), ("two", shuffled)):
        (tmp_path / name).mkdir()
        forecaster.save(tmp_path / name)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(names) == 3
    assert [(tmp_path / "one" / n).read_bytes() for n in names] == [(tmp_path / "two" / n).read_bytes() for n in names]


def test_a_saved_forecaster_forecasts_the_same(tmp_path: Path) -> None:
    fitted().save(tmp_path)
    loaded = FirstMonthForecaster.load(tmp_path)
    assert (loaded.as_of, loaded.matured) == (AS_OF, fitted().matured)
    pd.testing.assert_frame_equal(loaded.predict(features()), forecast())


def test_another_format_is_refused(tmp_path: Path) -> None:
    fitted().save(tmp_path)
    content = json.loads((tmp_path / JSON_FILE).read_text()) | {"format": 1}
    (tmp_path / JSON_FILE).write_text(json.dumps(content))
    with pytest.raises(ValueError, match="format 1"):
        FirstMonthForecaster.load(tmp_path)


def test_training_rows_are_the_months_that_were_over_and_no_others() -> None:
    learned = Learned.of(SHOP, LISTS, AS_OF)
    assert len(learned.features) < len(completed(first_orders(SHOP, AS_OF), AS_OF)), "the burn-in is left out"
    last = pd.to_datetime(learned.features["first_ordered_on"]) + pd.Timedelta(days=30 + 365)
    np.testing.assert_array_equal(learned.outcomes.matured[:, -1], (last <= pd.Timestamp(AS_OF)).to_numpy())
    assert 0 < learned.outcomes.matured[:, -1].sum() < learned.outcomes.matured[:, 0].sum() < len(learned.features)


def test_only_the_first_days_of_the_data_are_left_out_not_those_of_the_window_that_is_read() -> None:
    """A shop whose data begin three years earlier has no old customers who look new."""
    everybody = completed(first_orders(SHOP, AS_OF), AS_OF)
    opened = everybody.min()
    days = (pd.Timestamp(AS_OF) - opened).days
    for earlier, left_out in ((3 * 365, 0), (60, (days + 60) // 4 - 60), (0, days // 4)):
        start = (opened - pd.Timedelta(days=earlier)).date()
        learned = Learned.of(SHOP, LISTS, AS_OF, start)
        assert set(learned.features["customer_id"]) == set(
            everybody[everybody >= opened + pd.Timedelta(days=left_out)].index
        ), earlier


def test_a_few_months_of_history_are_enough_for_a_forecast_of_twelve() -> None:
    early = date(2020, 9, 1)
    forecaster = fit_first_month(daily(900, 12), None, as_of=early, params=PARAMS)
    assert forecaster.matured == 0
    value = forecaster.predict(features())["clv_12m"].astype(float)
    assert (value > 0.0).all()


def test_intervals_are_not_calibrated_on_a_single_month() -> None:
    """At the second of the days, enough customers have lived through several months."""
    usual = Intervals.uncalibrated(PARAMS.coverage)
    early, late = (fit_first_month(daily(900, 12), None, as_of=date(2020, m, 1), params=PARAMS) for m in (6, 12))
    assert early.intervals == usual != late.intervals
    assert early.model.frailty != late.model.frailty


def test_too_few_customers_are_refused_and_the_message_says_how_many_are_needed() -> None:
    with pytest.raises(InputError, match=f"{LEAST_CUSTOMERS} and {LEAST_ORDERED} are needed"):
        fit_first_month(daily(60, 12), None, as_of=date(2020, 9, 1), params=PARAMS)


def test_a_shop_to_which_hardly_anybody_comes_back_is_refused() -> None:
    first = SHOP["ordered_on"] == SHOP.groupby("customer_id")["ordered_on"].transform("min")
    back = SHOP["customer_id"].isin([f"c{number:04d}" for number in range(10)])
    with pytest.raises(InputError, match=r"and \d of them ordered"):
        fit_first_month(SHOP[first | back], LISTS, as_of=AS_OF, params=PARAMS)


def test_every_customer_has_reasons_of_the_vocabulary_and_the_frequent_are_told_so() -> None:
    reasons = forecast()[list(REASON_COLUMNS)]
    assert set(reasons.stack()) <= set(VOCABULARY)
    assert reasons["reason_1"].notna().all()
    often = features()["order_days_first_month"].to_numpy() >= 3
    assert (reasons[often] == "higher: many orders").any(axis=1).all()
    once = features()["order_days_first_month"].to_numpy() == 1
    assert not (reasons[once] == "higher: many orders").any(axis=None)


def test_effects_sum_to_the_logarithm_of_the_value_but_for_what_all_share() -> None:
    model = fitted().model
    value = model.expect(features()).outlook(12).value
    np.testing.assert_allclose(np.ptp(np.log(value) - effects(model, features()).sum(axis=1)), 0.0, atol=1e-4)


def test_a_booster_that_does_not_belong_to_the_json_is_refused(tmp_path: Path) -> None:
    fitted().save(tmp_path)
    (tmp_path / VALUE_FILE).write_bytes((tmp_path / ORDERS_FILE).read_bytes())
    with pytest.raises(ValueError, match=VALUE_FILE):
        FirstMonthForecaster.load(tmp_path)
