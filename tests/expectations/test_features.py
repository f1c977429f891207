from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import DataFrame

from expectations import features
from jobs.features.table import LAG_MONTHS, WINDOW_DAYS, feature_columns, lag_name, window_name
from jobs.features.table import features as features_table
from jobs.lake.tables import CUSTOMERS, TRANSACTIONS
from tests.expectations.conftest import AS_OF, Broken, MakeRows

DEPARTMENTS = ("toys", "books")
TABLE = features_table(DEPARTMENTS)
ONE_ORDER: dict[str, Any] = {
    "customer_id": "c1",
    "first_ordered_on": AS_OF - timedelta(days=20),
    "last_ordered_on": AS_OF - timedelta(days=20),
    "tenure_days": 20.0,
    "recency_days": 20.0,
    "orders_lifetime": 1,
    "return_orders_lifetime": 0,
    "net_value_lifetime": Decimal(8),
    "sales_value_lifetime": Decimal(10),
    "return_value_lifetime": Decimal(2),
    **{window_name("orders", days): float(days >= 20) for days in WINDOW_DAYS},
    **{lag_name("orders", lag): float(lag == 1) for lag in LAG_MONTHS},
}
NEVER_BOUGHT: dict[str, Any] = {
    "customer_id": "c2",
    "signup_on": AS_OF - timedelta(days=1),
    **dict.fromkeys(("first_ordered_on", "last_ordered_on", "tenure_days", "recency_days")),
    **dict.fromkeys(("net_value_lifetime", "sales_value_lifetime", "return_value_lifetime"), Decimal(0)),
    "orders_lifetime": 0,
    **{name: 0.0 for name in ONE_ORDER if name.startswith("orders_") and name != "orders_lifetime"},
}


def test_good_customers_pass(make_rows: MakeRows, broken: Broken) -> None:
    only_returned = NEVER_BOUGHT | {"customer_id": "c3", "signup_on": None, "return_orders_lifetime": 1}
    snapshot = make_rows(TABLE, ONE_ORDER, {}, NEVER_BOUGHT, only_returned)
    assert broken(features.suite(AS_OF), snapshot) == {}


def test_each_bad_customer_breaks_its_rule_alone(make_rows: MakeRows, broken: Broken) -> None:
    snapshot = make_rows(
        TABLE,
        ONE_ORDER,
        {"customer_id": "twice"},
        {"customer_id": "twice"},
        {"customer_id": None},
        NEVER_BOUGHT | {"customer_id": "unknown", "signup_on": AS_OF},
        {"customer_id": "c3", "last_ordered_on": AS_OF},
        {"customer_id": "c4", "recency_days": 21.0},
        {"customer_id": "c5", "last_ordered_on": None, "recency_days": None},
        {"customer_id": "c6", window_name("orders", 120): 2.0},
        {"customer_id": "c7", lag_name("orders", 1): 0.0},
        {"customer_id": "c8", "net_value_lifetime": Decimal(10)},
    )
    assert broken(features.suite(AS_OF), snapshot) == {
        "customer_id_unique": 2,
        "customer_id_filled": 1,
        "known_before_as_of": 1,
        "nothing_from_the_future": 1,
        "recency_within_tenure": 1,
        "orders_have_dates": 1,
        "orders_grow_with_the_window": 1,
        "windows_agree_with_months": 1,
        "net_value_lifetime_is_sales_less_returns": 1,
    }


GOOD_TOTALS = {"rows": 1_100, "net_value_lifetime_less_transactions": 0.0, "largest_month_difference": 0.0}


@pytest.fixture
def known(make_rows: MakeRows) -> dict[str, DataFrame]:
    """A snapshot of three customers, each known from another table."""
    return {
        "rows": make_rows(TABLE, {}, {"customer_id": "bought"}, {"customer_id": "before"}, {"customer_id": "listed"}),
        "transactions": make_rows(TRANSACTIONS, {"customer_id": "bought"}, {}, {}),
        "snapshot_before": make_rows(
            TABLE,
            {"orders_lifetime": 0, "return_orders_lifetime": 0},
            {"customer_id": "before", "orders_lifetime": 1},
            {"customer_id": "no longer listed"},
        ),
        "customers": make_rows(
            CUSTOMERS,
            {"signup_on": date(2011, 11, 30)},
            {"customer_id": "listed"},
            {"customer_id": "signs up later", "signup_on": AS_OF},
        ),
    }


def test_a_good_snapshot_passes(broken: Broken, known: dict[str, DataFrame]) -> None:
    assert broken(features.totals_suite(AS_OF, customers=True, rows_before=1_000), GOOD_TOTALS, **known) == {}


def test_the_first_snapshot_of_a_shop_without_a_customer_list_passes(
    broken: Broken, known: dict[str, DataFrame]
) -> None:
    tables = {name: known[name] for name in ("rows", "transactions")}
    assert broken(features.totals_suite(AS_OF, customers=False, rows_before=None), GOOD_TOTALS, **tables) == {}


def test_a_snapshot_that_lost_customers_or_money_breaks_its_rules(broken: Broken, known: dict[str, DataFrame]) -> None:
    suite = features.totals_suite(AS_OF, customers=True, rows_before=1_000)
    lost = known | {"rows": known["rows"].where("customer_id = 'before'")}
    totals = {"rows": 3_001, "net_value_lifetime_less_transactions": -0.0001, "largest_month_difference": 0.02}
    assert set(broken(suite, totals, **lost)) == {
        "every_known_customer_has_a_row",
        "net_value_lifetime_as_in_transactions",
        "net_value_of_months_as_in_transactions",
        "customers_far_more_than_before",
    }
    assert set(broken(suite, GOOD_TOTALS | {"rows": 0}, **known)) == {"not_empty"}


def test_sums_and_counts_are_required_and_means_and_dates_are_not() -> None:
    required = features.required(DEPARTMENTS)
    declared = {column.name for column in feature_columns(DEPARTMENTS)}
    assert required <= declared
    assert {
        "customer_id",
        "orders_lifetime",
        "net_value_7d",
        "orders_toys_365d",
        "net_value_month_lag_12",
        "rfm_recency",
    } <= required
    assert required.isdisjoint({"order_value_mean_7d", "recency_days", "first_ordered_on", "logins_7d", "city"})


def test_only_short_windows_may_be_empty_for_everybody() -> None:
    volatile = features.volatile(DEPARTMENTS)
    assert {"orders_1d", "net_value_books_7d", "order_value_mean_1d"} <= volatile
    assert "orders_30d" not in volatile
