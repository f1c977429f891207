from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from jobs.core.month import HORIZONS
from jobs.features.rfm_cuts import RfmCuts
from jobs.forecasting.bands import BandLevels
from jobs.forecasting.calibrated import Calibration
from jobs.forecasting.encoder import InputError
from jobs.forecasting.fit import fit
from jobs.forecasting.forecaster import COLUMNS, FORMAT, JSON_FILE, Forecaster
from jobs.forecasting.params import ModelParams
from jobs.lake.tables import FORECAST_MONTHS
from tests.forecasting.shops import NEVER_BUY, shop

PARAMS = ModelParams(rounds=8, threads=1)
SNAPSHOTS = shop(150, 9)
AS_OF = max(SNAPSHOTS)


@cache
def fitted() -> Forecaster:
    return fit(SNAPSHOTS, as_of=AS_OF, params=PARAMS)


@cache
def forecast() -> pd.DataFrame:
    return fitted().predict(SNAPSHOTS[AS_OF])


def test_every_customer_gets_one_row_with_the_declared_columns() -> None:
    assert forecast().columns.tolist() == COLUMNS
    assert forecast()["customer_id"].tolist() == SNAPSHOTS[AS_OF]["customer_id"].tolist()
    assert not forecast().drop(columns=["reason_2", "reason_3"]).isna().any(axis=None)


def test_months_sum_to_the_cent_and_the_interval_holds_the_forecast() -> None:
    for months in (1, 3, 6, 12):
        assert (forecast()[list(FORECAST_MONTHS[:months])].sum(axis=1) == forecast()[f"clv_{months}m"]).all()
    assert (forecast()["clv_12m_p10"] <= forecast()["clv_12m"]).all()
    assert (forecast()["clv_12m"] <= forecast()["clv_12m_p90"]).all()
    assert forecast()["p_active_12m"].between(0.0, 1.0).all()


def test_an_order_is_the_likelier_the_more_months_there_are() -> None:
    p = forecast()[[f"p_active_{months}m" for months in HORIZONS]].to_numpy()
    assert (np.diff(p, axis=1) >= 0.0).all()
    assert p.min() >= 0.0
    assert p.max() <= 1.0


def test_the_variances_of_customers_give_the_interval_of_their_total() -> None:
    intervals, coverage = fitted().intervals, fitted().params.coverage
    outlook = fitted().expect(SNAPSHOTS[AS_OF], AS_OF).outlook(6)
    total, own = outlook.value.sum(), forecast()["variance_6m"].sum()
    reach = np.sqrt(intervals.level_variance(6) + own / total**2) * intervals.level_quantile(coverage)
    assert total * np.exp([-reach, reach]) == pytest.approx(intervals.of_total(outlook, 6, coverage))


def test_who_never_bought_gets_the_cohort_prior() -> None:
    assert (forecast()["status"][:NEVER_BUY] == "never_bought").all()
    assert (forecast()["method"][:NEVER_BUY] == "cohort_prior").all()


def test_a_customer_forecast_alone_is_forecast_the_same() -> None:
    alone = fitted().predict(SNAPSHOTS[AS_OF].iloc[[7]])
    pd.testing.assert_frame_equal(alone, forecast().iloc[[7]].reset_index(drop=True))


def test_customers_in_plain_values_are_forecast_as_in_a_frame() -> None:
    frame = SNAPSHOTS[AS_OF].to_dict("records")
    rows = [{str(name): None if pd.isna(value) else value for name, value in row.items()} for row in frame]
    made = fitted().predict_rows(rows, as_of=AS_OF)
    pd.testing.assert_frame_equal(pd.DataFrame(made, columns=COLUMNS), forecast())
    assert fitted().predict_rows([], as_of=AS_OF) == []
    with pytest.raises(InputError, match="lacks the columns recency_days"):
        fitted().predict_rows([{name: 1 for name in rows[0] if name != "recency_days"}], as_of=AS_OF)


@pytest.mark.parametrize("rows", [1, 400, 10**6])
def test_how_many_spans_are_computed_at_once_changes_nothing(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.forecasting.two_part._ROWS_AT_ONCE", rows)
    pd.testing.assert_frame_equal(fitted().predict(SNAPSHOTS[AS_OF]), forecast())


def test_the_order_of_the_rows_changes_nothing() -> None:
    shuffled = {day: frame.sample(frac=1.0, random_state=3) for day, frame in SNAPSHOTS.items()}
    pd.testing.assert_frame_equal(fit(shuffled, as_of=AS_OF, params=PARAMS).predict(SNAPSHOTS[AS_OF]), forecast())


def test_what_happens_later_changes_nothing() -> None:
    day = date(2020, 6, 1)
    known = {earlier: frame for earlier, frame in SNAPSHOTS.items() if earlier <= day}
    then, now = (fit(snapshots, as_of=day, params=PARAMS).predict(known[day]) for snapshots in (known, SNAPSHOTS))
    pd.testing.assert_frame_equal(then, now)


def test_a_saved_forecaster_forecasts_the_same(tmp_path: Path) -> None:
    fitted().save(tmp_path)
    pd.testing.assert_frame_equal(Forecaster.load(tmp_path).predict(SNAPSHOTS[AS_OF]), forecast())


def test_a_saved_forecaster_reads_each_text_from_its_own_column(tmp_path: Path) -> None:
    texts = {"membership": ("none", "annual"), "country": ("UK", "FR", None), "city": ("York", "Lyon", "Bath")}
    snapshots = {
        as_of: frame.assign(**{name: pd.Series(known * 50) for name, known in texts.items()})
        for as_of, frame in ((day, frame.iloc[:100]) for day, frame in SNAPSHOTS.items())
    }
    fitted = fit(snapshots, as_of=AS_OF, params=PARAMS)
    fitted.save(tmp_path)
    loaded = Forecaster.load(tmp_path)
    assert loaded.encoder.names == fitted.encoder.names
    assert set(texts) <= set(fitted.encoder.names)
    pd.testing.assert_frame_equal(loaded.predict(snapshots[AS_OF]), fitted.predict(snapshots[AS_OF]))


def rewritten(folder: Path, **changed: object) -> None:
    file = folder / JSON_FILE
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | changed), encoding="utf-8")


def test_a_parameter_more_or_less_leaves_earlier_files_readable(tmp_path: Path) -> None:
    fitted().save(tmp_path)
    params = asdict(PARAMS) | {"of_an_earlier_version": 3.0}
    del params["split_gain"]
    rewritten(tmp_path, params=params)
    loaded = Forecaster.load(tmp_path)
    assert loaded.params == PARAMS
    pd.testing.assert_frame_equal(loaded.predict(SNAPSHOTS[AS_OF]), forecast())


def test_the_quintiles_of_all_customers_travel_with_the_model(tmp_path: Path) -> None:
    cuts = RfmCuts((3.0, 9.5, 40.0, 200.0), (1.0, 1.0, 2.0, 5.0), (0.1 + 0.2, 20.0, 90.55, 1e9))
    replace(fitted(), rfm_cuts=cuts).save(tmp_path)
    assert Forecaster.load(tmp_path).rfm_cuts == cuts


@pytest.mark.parametrize("version", [0, FORMAT + 1])
def test_files_of_another_format_are_refused_with_both_versions(tmp_path: Path, version: int) -> None:
    fitted().save(tmp_path)
    rewritten(tmp_path, format=version)
    with pytest.raises(ValueError, match=f"format {version}; this code reads format {FORMAT}"):
        Forecaster.load(tmp_path)


def test_a_snapshot_without_a_column_is_refused_by_its_name() -> None:
    with pytest.raises(InputError, match="recency_days"):
        fitted().predict(SNAPSHOTS[AS_OF].drop(columns="recency_days"))


def test_three_months_of_history_or_a_single_customer_still_have_an_answer() -> None:
    young = shop(150, 3)
    assert len(fit(young, as_of=max(young), params=PARAMS).predict(young[max(young)])) == 150
    single = {day: frame.iloc[[20]] for day, frame in SNAPSHOTS.items()}
    assert len(fit(single, as_of=AS_OF, params=PARAMS).predict(single[AS_OF])) == 1


def test_probabilities_rise_with_the_months_and_every_month_brings_something() -> None:
    expected = fitted().expect(SNAPSHOTS[AS_OF], AS_OF)
    assert (np.diff(expected.p, axis=1) >= 0.0).all()
    assert (np.diff(expected.active_months, axis=1) >= 0.0).all()
    assert (expected.active_months >= expected.p - 1e-12).all()
    assert (expected.value > 0.0).all()


def test_a_history_too_short_for_a_backtest_is_forecast_by_buy_till_you_die() -> None:
    young = shop(150, 2)
    predicted = fit(young, as_of=max(young), params=PARAMS).predict(young[max(young)])
    assert set(predicted["method"]) == {"btyd", "cohort_prior"}
    assert set(forecast()["method"]) == {"model", "cohort_prior"}


def test_a_calibration_that_is_given_is_taken_over() -> None:
    given = replace(Calibration.none(0.8), levels=BandLevels([1.0, 3.0], [0.2, -0.2]))
    assert fit(SNAPSHOTS, as_of=AS_OF, params=PARAMS, calibration=given).monthly.calibration == given


def test_a_shop_without_orders_or_with_one_snapshot_is_refused_with_the_reason() -> None:
    nobody = {day: frame.iloc[:NEVER_BUY] for day, frame in SNAPSHOTS.items()}
    with pytest.raises(InputError, match="no customer ordered"):
        fit(nobody, as_of=AS_OF, params=PARAMS)
    with pytest.raises(InputError, match="at least 2"):
        fit({AS_OF: SNAPSHOTS[AS_OF]}, as_of=AS_OF, params=PARAMS)
