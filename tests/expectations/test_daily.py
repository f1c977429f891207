from datetime import date
from decimal import Decimal

from expectations import daily
from jobs.core.month import Month
from jobs.lake.tables import ALL_DEPARTMENTS, DAILY
from tests.expectations.conftest import Broken, MakeRows

MONTH = Month(2011, 11)
GOOD = {
    "customer_id": "c1",
    "ordered_on": date(2011, 11, 30),
    "department": ALL_DEPARTMENTS,
    "net_value": Decimal(7),
    "sales_value": Decimal(10),
    "return_value": Decimal(3),
    "orders": 2,
    "return_orders": 1,
    "units": Decimal(-4),
    "products": 1,
    "orders_night": 0,
    "orders_morning": 1,
    "orders_afternoon": 0,
    "orders_evening": 1,
}


def test_good_days_pass(make_rows: MakeRows, broken: Broken) -> None:
    days = make_rows(DAILY, GOOD, {}, {"department": "toys"}, {"customer_id": "c2"}, {"ordered_on": date(2011, 11, 1)})
    assert broken(daily.suite(MONTH), days) == {}
    assert broken(daily.totals_suite(), {"net_value_less_transactions": 0.0, "units_less_transactions": 0.0}) == {}


def test_each_bad_day_breaks_its_rule_alone(make_rows: MakeRows, broken: Broken) -> None:
    days = make_rows(
        DAILY,
        GOOD,
        {},
        {"customer_id": "twice"},
        {"customer_id": "twice"},
        {"customer_id": None},
        {"department": None},
        {"ordered_on": None},
        {"ordered_on": date(2011, 12, 1)},
        {"ordered_on": date(2011, 10, 31)},
        {"department": "a", "net_value": Decimal("7.0001")},
        {"department": "b", "sales_value": Decimal(-1), "net_value": Decimal(-4)},
        {"department": "c", "return_value": Decimal(-3), "net_value": Decimal(13)},
        {"department": "d", "products": -1},
        {"department": "e", "orders_evening": 2},
    )
    assert broken(daily.suite(MONTH), days) == {
        "customer_id_ordered_on_department_unique": 2,
        "customer_id_filled": 1,
        "department_filled": 1,
        "ordered_on_filled": 1,
        "ordered_on_in_month": 2,
        "net_value_is_sales_less_returns": 1,
        "no_negative_counts": 3,
        "orders_by_part_of_day": 1,
    }


def test_days_that_lost_money_or_units_are_found(broken: Broken) -> None:
    totals = {"net_value_less_transactions": -0.01, "units_less_transactions": 1.0}
    assert set(broken(daily.totals_suite(), totals)) == {"net_value_as_in_transactions", "units_as_in_transactions"}
