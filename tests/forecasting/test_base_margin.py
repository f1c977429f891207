from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from jobs.features.table import LAG_MONTHS, lag_name
from jobs.forecasting.base_margin import DAYS_PER_MONTH, HORIZON_NAMES, NAMES, BaseModels, History
from jobs.forecasting.btyd import GammaGamma, ParetoNbd
from jobs.forecasting.encoder import InputEncoder
from jobs.forecasting.seasonality import Season

AS_OF = date(2021, 3, 1)
MONTH = DAYS_PER_MONTH / 7.0
"""In weeks, the unit of Pareto/NBD."""

NET_VALUE = (20.0, 30.0, 120.0, 0.0, 100.0, 0.0, 80.0, 0.0, 60.0, 100.0, 120.0, 150.0)
ORDERS = (1.0, 1.0, 3.0, 0.0, 5.0, 0.0, 2.0, 0.0, 3.0, 5.0, 2.0, 3.0)
"""February back to March of the year before."""

VALUES_WITHOUT_SEASON = [10.0, 30.0, 10.0, 0.0, 10.0, 0.0, 10.0, 0.0, 10.0, 20.0, 30.0, 50.0]
ORDERS_WITHOUT_SEASON = [2.0, 4.0, 1.0, 0.0, 2.0, 0.0, 1.0, 0.0, 2.0, 4.0, 2.0, 4.0]

MODELS = BaseModels(
    purchases=ParetoNbd(r=4.0, alpha=4.0 * MONTH, s=2.0, beta=12.0 * MONTH),
    spend=GammaGamma(p=1.0, q=2.0, gamma=100.0),
    season=Season(value=np.log(np.arange(1.0, 13.0)).tolist(), activity=np.log(np.arange(1.0, 13.0) / 4.0).tolist()),
    value_mean=14.0,
    prior_months=0.5,
)
"""January's value counts once, December's twelve times."""

ORDER_DAYS = np.diff([0.0, 24.0 / 25.0, 48.0 / 26.0, 72.0 / 27.0])
"""Expected of March, April and May: 24 h / (24 + h) in the first h months."""

ORDER_DAY_VALUE = (100.0 + 1300.0) / (13.0 + 1.0)


def history(first_month: str) -> History:
    """One customer, who ordered on 13 days of twelve months, the last of them yesterday."""
    columns: dict[str, list[object]] = {
        "customer_id": ["ann"],
        "first_ordered_on": [date(2020, 3, 1)],
        "recency_days": [0.0],
        "tenure_days": [12.0 * DAYS_PER_MONTH],
        "order_days_lifetime": [13],
        "net_value_lifetime": [1300.0],
    }
    for lag in LAG_MONTHS:
        columns |= {lag_name("net_value", lag): [NET_VALUE[lag - 1]], lag_name("orders", lag): [ORDERS[lag - 1]]}
    return MODELS.history(InputEncoder((), {}, first_month).encode(columns, AS_OF))


def inputs(first_month: str) -> dict[str, float]:
    return dict(zip(NAMES, history(first_month).inputs()[0].tolist(), strict=True))


def of_the_first(months: int, first_month: str) -> dict[str, float]:
    return dict(zip(HORIZON_NAMES, history(first_month).first(months).inputs[0].tolist(), strict=True))


def test_a_month_counts_for_less_the_stronger_its_season() -> None:
    assert history("2020-03").values[0] == pytest.approx(VALUES_WITHOUT_SEASON)
    assert history("2020-03").orders[0] == pytest.approx(ORDERS_WITHOUT_SEASON)


def test_inputs_are_the_months_without_season_and_their_means_from_the_newest_on() -> None:
    assert inputs("2020-03") == pytest.approx(
        {
            "net_value_mean_1m": 10.0,
            "net_value_mean_2m": 20.0,
            "net_value_mean_3m": 50.0 / 3.0,
            "net_value_mean_6m": 10.0,
            "net_value_mean_12m": 15.0,
            "orders_mean_1m": 2.0,
            "orders_mean_2m": 3.0,
            "orders_mean_3m": 7.0 / 3.0,
            "orders_mean_6m": 1.5,
            "orders_mean_12m": 22.0 / 12.0,
            "active_months_1m": 1.0,
            "active_months_2m": 2.0,
            "active_months_3m": 3.0,
            "active_months_6m": 4.0,
            "active_months_12m": 9.0,
            "active_share_since_first": 0.75,
            "orders_mean_since_first": 22.0 / 12.0,
            "net_value_mean_since_first": 15.0,
            "net_value_month_max": 50.0,
            "net_value_last_active_month": 10.0,
            **{f"net_value_{lag}m_ago": VALUES_WITHOUT_SEASON[lag - 1] for lag in LAG_MONTHS},
            **{f"orders_{lag}m_ago": ORDERS_WITHOUT_SEASON[lag - 1] for lag in LAG_MONTHS},
        }
    )


@pytest.mark.parametrize(
    ("months", "net_value", "orders"), [(1, 50.0, 4.0), (3, 100.0 / 3.0, 10.0 / 3.0), (12, 15.0, 22.0 / 12.0)]
)
def test_the_year_before_is_the_same_calendar_months(months: int, net_value: float, orders: float) -> None:
    first = of_the_first(months, "2020-03")
    assert first["horizon"] == months
    assert first["net_value_year_before"] == pytest.approx(net_value)
    assert first["orders_year_before"] == pytest.approx(orders)


def test_base_forecasts_are_those_of_a_mean_month_under_the_seasons_of_the_months_ahead() -> None:
    first = of_the_first(3, "2020-03")
    assert first["p_active_start"] == pytest.approx(1.0 - np.exp(-(ORDER_DAYS * [0.75, 1.0, 1.25]).sum()))
    assert first["net_value_btyd"] == pytest.approx((ORDER_DAYS * [3.0, 4.0, 5.0]).sum() / 12.0 * ORDER_DAY_VALUE)
    assert first["net_value_own_year"] == pytest.approx((180.0 + 7.0) / 12.5)
    assert first["net_value_own_quarter"] == pytest.approx((50.0 + 7.0) / 3.5)


def test_the_base_forecast_is_the_geometric_mean_of_three_times_the_seasons_ahead() -> None:
    base = history("2020-03").first(1)
    a_month = [0.96 * ORDER_DAY_VALUE, 187.0 / 12.5, 57.0 / 3.5]
    assert base.season == pytest.approx(3.0)
    assert base.p[0] == pytest.approx(1.0 - np.exp(-0.96 * 0.75))
    assert np.exp(base.log_btyd[0]) == pytest.approx(3.0 * a_month[0])
    assert np.exp(base.log_value[0]) == pytest.approx(3.0 * np.prod(a_month) ** (1.0 / 3.0))


def test_months_before_the_first_of_the_shop_are_unknown() -> None:
    young = history("2020-12")
    assert young.known_months == 3
    assert young.values[0] == pytest.approx([10.0, 30.0, 10.0, *[np.nan] * 9], nan_ok=True)
    assert young.orders[0] == pytest.approx([2.0, 4.0, 1.0, *[np.nan] * 9], nan_ok=True)


def test_unknown_months_enter_no_mean_and_are_taken_to_be_like_the_others() -> None:
    a_month, orders, young = 50.0 / 3.0, 7.0 / 3.0, inputs("2020-12")
    assert young["net_value_mean_2m"] == pytest.approx(20.0)
    assert [young[f"net_value_mean_{span}m"] for span in (3, 6, 12)] == pytest.approx([a_month] * 3)
    assert [young[f"orders_mean_{span}m"] for span in (3, 6, 12)] == pytest.approx([orders] * 3)
    assert [young[f"active_months_{span}m"] for span in (3, 6, 12)] == pytest.approx([3.0, 6.0, 12.0])
    assert young["net_value_mean_since_first"] == pytest.approx(a_month)
    assert [young[f"net_value_{lag}m_ago"] for lag in LAG_MONTHS] == pytest.approx([10.0, 30.0, 10.0, *[a_month] * 9])
    assert [young[f"orders_{lag}m_ago"] for lag in LAG_MONTHS] == pytest.approx([2.0, 4.0, 1.0, *[orders] * 9])
    for months in (1, 3):
        first = of_the_first(months, "2020-12")
        assert first["net_value_year_before"] == pytest.approx(a_month)
        assert first["orders_year_before"] == pytest.approx(orders)
        assert first["net_value_own_year"] == first["net_value_own_quarter"] == pytest.approx(57.0 / 3.5)
