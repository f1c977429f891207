from datetime import UTC, datetime
from decimal import Decimal

import pytest

from expectations import transactions
from expectations.volume import reference_months
from jobs.core.month import Month
from jobs.lake.tables import CUSTOMERS, PRODUCTS, TRANSACTIONS
from tests.expectations.conftest import Broken, MakeRows

MONTH = Month(2011, 11)
GOOD = {
    "customer_id": "c1",
    "order_id": "o1",
    "ordered_at": datetime(2011, 11, 30, 23, 59, 59, tzinfo=UTC),
    "product_id": "p1",
    "department": "toys",
    "units": Decimal(2),
    "net_value": Decimal("9.90"),
    "is_return": False,
}
RETURN = {"units": Decimal(-1), "net_value": Decimal("-4.95"), "is_return": True}
FIRST_MOMENT = {"ordered_at": datetime(2011, 11, 1, tzinfo=UTC), "units": None, "product_id": None}
HISTORY = {
    month: {"rows": 30_000.0, "customers": 1_000.0, "order_days": 26.0, "net_value": 600_000.0}
    for month in reference_months(MONTH)
}
GOOD_TOTALS = {
    "rows": 27_000,
    "customers": 950,
    "order_days": 24,
    "net_value": 550_000.0,
    "silent_days_at_end": 1,
    "rejected_share": 0.25,
}


def test_good_lines_pass(make_rows: MakeRows, broken: Broken) -> None:
    lines = make_rows(TRANSACTIONS, GOOD, {}, {}, RETURN, FIRST_MOMENT)
    suite = transactions.suite(MONTH, customers=True, products=True)
    customers, products = make_rows(CUSTOMERS, {"customer_id": "c1"}, {}), make_rows(PRODUCTS, {"product_id": "p1"}, {})
    assert broken(suite, lines, customers=customers, products=products) == {}


def test_each_bad_line_breaks_its_rule_alone(make_rows: MakeRows, broken: Broken) -> None:
    lines = make_rows(
        TRANSACTIONS,
        GOOD,
        *[{}] * 80,
        {"customer_id": None},
        {"customer_id": " c1"},
        {"customer_id": "c1\t"},
        {"customer_id": "c1\u00a0"},
        {"customer_id": "NULL"},
        {"customer_id": "nan"},
        {"customer_id": "stranger"},
        {"product_id": "unheard_of"},
        {"order_id": None},
        {"ordered_at": None},
        {"ordered_at": datetime(2011, 12, 1, tzinfo=UTC)},
        {"ordered_at": datetime(2011, 10, 31, 23, 59, 59, tzinfo=UTC)},
        {"department": None},
        {"net_value": None},
        {"net_value": Decimal(0)},
        {"net_value": Decimal("1000000.01")},
        {"is_return": None},
        {"is_return": True},
        {"units": Decimal(-2)},
    )
    suite = transactions.suite(MONTH, customers=True, products=True)
    customers = make_rows(CUSTOMERS, {}, {"customer_id": "c1"}, {"customer_id": " c1"}, {"customer_id": "c1\t"})
    products = make_rows(PRODUCTS, {}, {"product_id": "p1"})
    actual = broken(suite, lines, customers=customers, products=products)
    assert actual == {
        "customer_id_filled": 1,
        "order_id_filled": 1,
        "ordered_at_filled": 1,
        "department_filled": 1,
        "net_value_filled": 1,
        "is_return_filled": 1,
        "customer_id_tidy": 3,
        "customer_id_not_a_placeholder": 2,
        "ordered_at_in_month": 2,
        "net_value_not_zero": 1,
        "is_return_by_net_value": 1,
        "units_signed_as_net_value": 1,
        "net_value_plausible": 1,
    }


def test_lines_of_unlisted_customers_and_articles_are_reported_when_many(make_rows: MakeRows, broken: Broken) -> None:
    lines = make_rows(TRANSACTIONS, GOOD, *[{}] * 17, *[{"customer_id": "stranger", "product_id": "unheard_of"}] * 2)
    suite = transactions.suite(MONTH, customers=True, products=True)
    customers, products = make_rows(CUSTOMERS, {"customer_id": "c1"}, {}), make_rows(PRODUCTS, {"product_id": "p1"}, {})
    actual = broken(suite, lines, customers=customers, products=products)
    assert actual == {"customer_id_listed": 2, "product_id_listed": 2}


def test_a_good_month_passes(broken: Broken) -> None:
    assert broken(transactions.totals_suite(HISTORY, MONTH, usual_gap_days=1), GOOD_TOTALS) == {}


def test_the_first_month_of_a_shop_passes(broken: Broken) -> None:
    assert broken(transactions.totals_suite({}, MONTH, usual_gap_days=0), GOOD_TOTALS) == {}


@pytest.mark.parametrize(
    ("figures", "rules"),
    [
        (
            dict.fromkeys(GOOD_TOTALS, 0.0),
            {
                "not_empty",
                "too_few_order_days",
                "far_too_few_order_days",
                *(
                    f"{name}_{far}off_earlier_months"
                    for name in ("rows", "customers", "net_value")
                    for far in ("", "far_")
                ),
            },
        ),
        (
            {"net_value": -1.0},
            {"net_value_not_negative", "net_value_off_earlier_months", "net_value_far_off_earlier_months"},
        ),
        ({"order_days": 18}, {"too_few_order_days"}),
        ({"silent_days_at_end": 4}, {"ends_too_early"}),
        ({"silent_days_at_end": 11}, {"ends_too_early", "ends_far_too_early"}),
        ({"rejected_share": 0.51}, {"too_many_rejected"}),
        ({"rejected_share": 0.81}, {"too_many_rejected", "far_too_many_rejected"}),
    ],
)
def test_a_bad_month_breaks_its_rules_alone(broken: Broken, figures: dict[str, float], rules: set[str]) -> None:
    suite = transactions.totals_suite(HISTORY, MONTH, usual_gap_days=1)
    assert set(broken(suite, GOOD_TOTALS | figures)) == rules


def test_a_shop_that_often_pauses_may_end_its_month_with_a_pause(broken: Broken) -> None:
    suite = transactions.totals_suite(HISTORY, MONTH, usual_gap_days=11)
    assert broken(suite, GOOD_TOTALS | {"silent_days_at_end": 11}) == {}
