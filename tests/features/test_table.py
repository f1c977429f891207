from __future__ import annotations

import pytest

from jobs.core.month import HORIZON_MONTHS
from jobs.features.table import feature_columns, features


def test_column_names_carry_measure_department_and_window() -> None:
    names = features(("Home & Garden",)).names
    assert {"net_value_home_garden_30d", "orders_home_garden_1d", "order_value_mean_home_garden_365d"} <= set(names)


def test_every_lag_is_history_and_exists_for_each_forecast_month() -> None:
    history = [column.name for column in feature_columns(()) if column.role == "history"]
    assert history == [
        f"{measure}_month_lag_{lag:02d}" for measure in ("net_value", "orders") for lag in range(1, HORIZON_MONTHS + 1)
    ]


def test_departments_whose_columns_would_be_the_same_are_refused() -> None:
    with pytest.raises(ValueError, match="net_value_home_garden_30d"):
        features(("Home & Garden", "home-garden"))


def test_a_department_without_a_letter_is_refused() -> None:
    with pytest.raises(ValueError, match="'---' cannot name a column"):
        features(("---",))
