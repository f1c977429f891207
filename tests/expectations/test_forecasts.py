from decimal import Decimal
from typing import Any

import pytest

from expectations import forecasts
from expectations.forecasts import P_ACTIVE
from jobs.lake.tables import FORECAST_MONTHS, FORECASTS, Table
from tests.expectations.conftest import Broken, MakeRows

GOOD: dict[str, Any] = {
    "customer_id": "c1",
    **dict.fromkeys(FORECAST_MONTHS, Decimal("1.10")),
    "clv_1m": Decimal("1.10"),
    "clv_3m": Decimal("3.30"),
    "clv_6m": Decimal("6.60"),
    "clv_12m": Decimal("13.20"),
    "clv_12m_p10": Decimal(0),
    "clv_12m_p90": Decimal(40),
    **{"p_active_1m": 0.1, "p_active_3m": 0.3, "p_active_6m": 0.5, "p_active_12m": 0.6},
    **dict.fromkeys(("variance_1m", "variance_3m", "variance_6m", "variance_12m"), 4.0),
    "status": "active",
    "method": "model",
    "model_version": 3,
    "reason_1": "higher: ordered recently",
    "reason_2": "lower: small orders",
    "reason_3": None,
}
IDLE = dict.fromkeys(P_ACTIVE, 0.0)
CUSTOMER = Table("features", "", "as_of", FORECASTS.columns[:1])


def test_good_forecasts_pass(make_rows: MakeRows, broken: Broken) -> None:
    rows = make_rows(FORECASTS, GOOD, {}, {"customer_id": "c2", **IDLE, "clv_12m_p90": Decimal(0)})
    known = make_rows(CUSTOMER, {}, {"customer_id": "c1"}, {"customer_id": "c2"})
    assert broken(forecasts.suite(), rows, features=known) == {}


def test_each_bad_forecast_breaks_its_rule_alone(make_rows: MakeRows, broken: Broken) -> None:
    negative = {"month_01": Decimal("-1.10"), "month_02": Decimal("3.30"), "clv_1m": Decimal("-1.10")}
    different = [
        {"customer_id": "twice"},
        {"customer_id": "twice"},
        {"clv_1m": Decimal("1.11")},
        {"clv_3m": Decimal("3.31")},
        {"clv_6m": Decimal("6.59")},
        {"clv_12m": Decimal("13.21")},
        {"clv_12m_p10": Decimal("40.01")},
        {"p_active_12m": 1.0001},
        {"p_active_12m": float("nan")},
        {"p_active_1m": -0.0001},
        {"p_active_3m": 0.51},
        {"variance_6m": -1.0},
        {"variance_12m": float("nan")},
        negative,
        {"status": "gone"},
        {"method": "guess"},
        {"reason_1": None},
        {"reason_1": "higher: luck"},
        {"reason_2": "small orders"},
        {"reason_3": ""},
    ]
    named = [{"customer_id": f"c{number}"} | row for number, row in enumerate(different)]
    rows = make_rows(FORECASTS, GOOD, *named, {"customer_id": "stranger"})
    known = make_rows(CUSTOMER, {}, *named)
    assert broken(forecasts.suite(), rows, features=known) == {
        "customer_id_unique": 2,
        "customer_known": 1,
        "clv_1m_is_the_sum_of_its_months": 1,
        "clv_3m_is_the_sum_of_its_months": 1,
        "clv_6m_is_the_sum_of_its_months": 1,
        "clv_12m_is_the_sum_of_its_months": 1,
        "interval_in_order": 1,
        "p_active_is_a_probability_that_rises": 4,
        "variance_6m_is_not_negative": 1,
        "variance_12m_is_not_negative": 1,
        "no_negative_month": 1,
        "status_known": 1,
        "method_known": 1,
        "reason_1_filled": 1,
        "reason_1_known": 1,
        "reason_2_known": 1,
        "reason_3_known": 1,
    }


GOOD_TOTALS = {"rows": 10, "model_versions": 1, "forecast_to_trailing_ratio": 0.8, "forecast_to_last_ratio": 1.1}


@pytest.mark.parametrize(
    ("figures", "rules"),
    [
        ({}, set()),
        ({"rows": 9}, {"every_known_customer_has_a_forecast"}),
        ({"rows": 11}, {"every_known_customer_has_a_forecast"}),
        ({"model_versions": 2}, {"one_model_version"}),
        ({"model_versions": 0}, {"one_model_version"}),
        ({"forecast_to_trailing_ratio": 0.29}, {"total_off_trailing_year"}),
        ({"forecast_to_trailing_ratio": 100.0}, {"total_off_trailing_year", "total_far_off_trailing_year"}),
        ({"forecast_to_trailing_ratio": 0.0}, {"total_off_trailing_year", "total_far_off_trailing_year"}),
        ({"forecast_to_last_ratio": 2.1}, {"total_off_last_forecast"}),
    ],
)
def test_totals_that_are_off_break_their_rules_alone(
    broken: Broken, figures: dict[str, float], rules: set[str]
) -> None:
    suite = forecasts.totals_suite(known_customers=10, has_history=True, has_earlier_forecast=True)
    assert set(broken(suite, GOOD_TOTALS | figures)) == rules


def test_a_first_forecast_is_compared_with_nothing(broken: Broken) -> None:
    suite = forecasts.totals_suite(known_customers=10, has_history=False, has_earlier_forecast=False)
    assert broken(suite, {"rows": 10, "model_versions": 1}) == {}
