from __future__ import annotations

import numpy as np
import pytest

from jobs.forecasting.params import ModelParams
from jobs.forecasting.training_rows import Rows
from jobs.forecasting.two_part import TwoPartModel, _of_each, _up_to_each

ROWS = 8_000
UNIT = 50.0
PARAMS = ModelParams(threads=1)
NAMES = ("a", "b", "c")


def rows(largest: float = 0.0) -> Rows:
    """Customers of whom half bring about 50 in a year, and one who brings more."""
    rng = np.random.default_rng(5)
    inputs = rng.normal(size=(ROWS, 3)).astype(np.float32)
    active = rng.random(ROWS) < 0.5
    value = np.where(active, rng.gamma(2.0, 25.0, ROWS), 0.0)
    value[0] = max(value[0], largest)
    return Rows(inputs, np.full(ROWS, np.log(25.0)), np.full(ROWS, 0.5), value, active, np.full(ROWS, 12.0))


def forecasts(largest: float = 0.0) -> np.ndarray:
    learned = rows(largest)
    model = TwoPartModel.fit(learned, NAMES, UNIT, PARAMS)
    _, value = model.boosted(learned.inputs, learned.log_base, learned.p_base, learned.months)
    return value


@pytest.mark.parametrize("largest", [1e5, 1e7, 1e12])
def test_one_huge_order_leaves_the_forecasts_of_the_others_as_they_are(largest: float) -> None:
    value = forecasts(largest)
    assert np.isfinite(value).all()
    assert np.median(value) == pytest.approx(np.median(forecasts()), rel=0.4)


def test_forecasts_bring_the_money_of_the_rows_they_were_learned_from() -> None:
    learned = rows()
    assert forecasts().sum() == pytest.approx(learned.value.sum(), rel=1e-3)


def test_rows_without_any_money_are_forecast_less_than_they_started_from() -> None:
    learned = rows()
    learned.value[:] = 0.0
    model = TwoPartModel.fit(learned, NAMES, UNIT, PARAMS)
    _, value = model.boosted(learned.inputs, learned.log_base, learned.p_base, learned.months)
    assert np.isfinite(value).all()
    assert (value < 25.0).all()


def unlearned(base: list[float], value: list[float]) -> TwoPartModel:
    """The model of customers, in units of money, of whom the boosters can learn nothing."""
    customers = len(base)
    learned = Rows(
        inputs=np.zeros((customers, 3), dtype=np.float32),
        log_base=np.log(np.array(base) * UNIT * 12.0),
        p_base=np.full(customers, 0.5),
        value=np.array(value) * UNIT * 12.0,
        active=np.ones(customers, dtype=bool),
        months=np.full(customers, 12.0),
    )
    return TwoPartModel.fit(learned, NAMES, UNIT, ModelParams(threads=1, rounds=2, value_leaf=1e12))


@pytest.mark.parametrize(("times", "balance"), [(2.0, 1.25), (1.1, 1.1), (0.9, 0.9), (0.5, 0.8)])
def test_money_that_the_boosters_did_not_learn_is_spread_over_all_up_to_a_quarter(times: float, balance: float) -> None:
    model = unlearned([1.0, 3.0], [times, 3.0 * times])
    _, value = model.boosted(
        np.zeros((1, 3), dtype=np.float32), np.array([np.log(600.0)]), np.array([0.5]), np.array([12.0])
    )
    assert model.balance == pytest.approx(balance, rel=1e-5)
    assert value == pytest.approx([600.0 * balance], rel=1e-5)


@pytest.mark.parametrize(("base", "most"), [(10.0, 10_000.0), (0.01, 1_000.0)])
def test_a_customer_counts_as_a_thousand_times_the_forecast_or_an_active_month_at_most(
    base: float, most: float
) -> None:
    others = 10.0 * most
    model = unlearned([base, others], [1e9, others])
    assert model.balance == pytest.approx((most + others) / (base + others), rel=1e-5)


def test_a_customer_whose_goods_came_back_counts_as_nothing_rather_than_less() -> None:
    model = unlearned([1.0, 9.0], [-5.0, 9.0])
    assert model.balance == pytest.approx(0.9, rel=1e-5)


def test_months_add_up_to_the_corrected_year_and_the_correction_changes_evenly() -> None:
    base = np.cumsum(np.full((1, 12), 10.0), axis=1)
    spans = np.array([[1.4, 1.4, 1.3, 1.1]])
    months = _of_each(spans, base)
    assert months.sum() == pytest.approx(120.0 * 1.1)
    assert np.cumsum(months)[[0, 1, 2]] == pytest.approx([14.0, 28.0, 42.0])
    assert np.cumsum(months)[3] == pytest.approx(40.0 * (1.4 - 0.1 / 3))
    assert np.cumsum(months)[5] == pytest.approx(60.0 * 1.3)


def test_a_month_keeps_a_tenth_of_its_part_of_the_year_however_much_the_first_months_bring() -> None:
    base = np.cumsum(np.full((1, 12), 10.0), axis=1)
    months = _of_each(np.array([[9.0, 4.0, 1.0, 1.0]]), base)
    assert months.sum() == pytest.approx(120.0)
    assert months.min() > 0.5
    assert months[0, 0] > 40.0


def test_p_active_never_falls_and_is_the_boosters_own_where_they_were_asked() -> None:
    p = _up_to_each(np.array([[0.1, 0.3, 0.2, 0.6], [0.0, 0.0, 0.0, 0.0]]))
    assert p.shape == (2, 12)
    assert p[0, [0, 2, 5, 11]] == pytest.approx([0.1, 0.3, 0.3, 0.6])
    assert (np.diff(p, axis=1) >= 0.0).all()
    assert p[1].tolist() == [0.0] * 12


def test_between_two_spans_the_chance_to_order_is_the_same_each_month() -> None:
    p = _up_to_each(np.array([[0.1, 0.2, 0.5, 0.9]]))[0]
    stays_away = np.diff(np.log(1.0 - p))
    assert stays_away[2:5] == pytest.approx([np.log(0.5 / 0.8) / 3.0] * 3)
    assert stays_away[5:] == pytest.approx([np.log(0.1 / 0.5) / 6.0] * 6)
