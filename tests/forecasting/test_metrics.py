from __future__ import annotations

import numpy as np
import pytest

from jobs.forecasting.metrics import (
    activity_metrics,
    capture,
    decile_means,
    gain_curve,
    interval_metrics,
    normalised_gini,
    spearman,
    value_metrics,
)

ACTUAL = np.array([0.0, 0.0, 10.0, 30.0])
FORECAST = np.array([5.0, 0.0, 15.0, 20.0])


def test_money_errors_of_four_customers() -> None:
    result = value_metrics(ACTUAL, FORECAST)
    assert result["mse"] == pytest.approx((25 + 0 + 25 + 100) / 4)
    assert result["rmse"] == pytest.approx(np.sqrt(37.5))
    assert result["mae"] == pytest.approx(5.0)
    assert result["wape"] == pytest.approx(0.5)
    assert result["portfolio_mape"] == pytest.approx(0.0)
    assert result["total_ratio"] == pytest.approx(1.0)


def test_perfect_order_has_gini_one_and_reversed_order_minus_one() -> None:
    actual = np.arange(1.0, 101.0)
    assert normalised_gini(actual, actual * 7) == pytest.approx(1.0)
    assert normalised_gini(actual, -actual) < -0.95


def test_gini_of_a_forecast_without_information_is_near_zero() -> None:
    rng = np.random.default_rng(3)
    actual = rng.lognormal(0.0, 1.0, 20_000)
    assert abs(normalised_gini(actual, rng.random(20_000))) < 0.03


def test_gini_matches_the_area_under_the_gain_curve_of_two_customers() -> None:
    # Gain curve 0, 1/4, 1 against the perfect 0, 3/4, 1: means 5/12 and 7/12, so -1/12 over 1/12.
    assert normalised_gini(np.array([1.0, 3.0]), np.array([2.0, 1.0])) == pytest.approx(-1.0)


def test_gain_curve_runs_from_nothing_to_all() -> None:
    assert gain_curve(ACTUAL, FORECAST).tolist() == [0.0, 0.75, 1.0, 1.0, 1.0]


def test_top_customers_are_taken_by_forecast() -> None:
    assert capture(ACTUAL, FORECAST, 0.25) == pytest.approx(0.75)
    assert capture(ACTUAL, FORECAST, 0.5) == pytest.approx(1.0)


def test_spearman_gives_ties_their_mean_rank() -> None:
    # Ranks 1.5, 1.5, 3, 4 against 2, 1, 3, 4.
    assert spearman(ACTUAL, FORECAST) == pytest.approx(4.5 / np.sqrt(4.5 * 5.0))


def test_deciles_are_taken_from_the_highest_forecast_down() -> None:
    forecast = np.arange(20.0)
    means = decile_means(2 * forecast, forecast)
    assert means[0].tolist() == [18.5, 37.0]
    assert means[-1].tolist() == [0.5, 1.0]


def test_a_decile_of_which_nothing_came_is_left_out_of_their_mean_error() -> None:
    actual = np.array([40.0, 10.0, 0.0])
    assert value_metrics(actual, np.array([30.0, 15.0, 5.0]))["decile_mape"] == pytest.approx((0.25 + 0.5) / 2)


def test_auc_counts_the_pairs_in_the_right_order() -> None:
    result = activity_metrics(np.array([True, False, True, False]), np.array([0.9, 0.2, 0.4, 0.4]))
    assert result["auc"] == pytest.approx(3.5 / 4)
    assert result["brier"] == pytest.approx((0.01 + 0.04 + 0.36 + 0.16) / 4)


def test_figures_that_do_not_exist_are_left_out() -> None:
    nothing = value_metrics(np.zeros(12), np.ones(12))
    assert {"wape", "norm_gini", "spearman", "decile_mape", "total_ratio"}.isdisjoint(nothing)
    assert "auc" not in activity_metrics(np.array([True, True]), np.array([0.5, 0.5]))


def test_coverage_counts_who_is_inside_overall_and_in_the_top_decile() -> None:
    forecast = np.arange(10.0)
    result = interval_metrics(forecast, forecast, forecast - 1, np.where(forecast == 9, 8.5, forecast + 1))
    assert result["coverage80"] == pytest.approx(0.9)
    assert result["coverage80_top_decile"] == pytest.approx(0.0)
    assert result["width80"] == pytest.approx((9 * 2 + 0.5) / 10)
