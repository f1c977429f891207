"""The lists that are delivered whole: customers and products."""

from collections.abc import Callable
from datetime import date

import pytest
from great_expectations import ExpectationSuite

from expectations import customers, products
from jobs.lake.tables import CUSTOMERS, PRODUCTS
from tests.expectations.conftest import Broken, MakeRows

ACCOUNT = {
    "customer_id": "c1",
    "signup_on": date(2011, 1, 1),
    "membership": "none",
    "city": "Oslo",
    "country": "NO",
}
ARTICLE = {"product_id": "p1", "department": "toys"}


def test_good_accounts_pass(make_rows: MakeRows, broken: Broken) -> None:
    accounts = make_rows(
        CUSTOMERS,
        ACCOUNT,
        {},
        {"customer_id": "c2", "membership": None, "city": None, "country": None},
        {"customer_id": "c3", "membership": "annual", "signup_on": date(2030, 1, 1)},
    )
    assert broken(customers.suite(), accounts) == {}


def test_each_bad_account_breaks_its_rule_alone(make_rows: MakeRows, broken: Broken) -> None:
    accounts = make_rows(
        CUSTOMERS,
        ACCOUNT,
        {"customer_id": "twice"},
        {"customer_id": "twice"},
        {"customer_id": None},
        {"customer_id": "c1 "},
        {"customer_id": "c2", "signup_on": None},
        {"customer_id": "c3", "signup_on": date(1989, 12, 31)},
        {"customer_id": "c4", "membership": "weekly"},
    )
    assert broken(customers.suite(), accounts) == {
        "customer_id_unique": 2,
        "customer_id_filled": 1,
        "customer_id_tidy": 1,
        "signup_on_filled": 1,
        "signup_on_plausible": 1,
        "membership_known": 1,
    }


def test_good_articles_pass_and_each_bad_one_breaks_its_rule_alone(make_rows: MakeRows, broken: Broken) -> None:
    good = make_rows(PRODUCTS, ARTICLE, {}, {"product_id": "p2"})
    assert broken(products.suite(), good) == {}
    bad = make_rows(
        PRODUCTS,
        ARTICLE,
        {"product_id": "twice"},
        {"product_id": "twice", "department": "books"},
        {"product_id": None},
        {"product_id": ""},
        {"product_id": "p2", "department": None},
    )
    assert broken(products.suite(), bad, keys=products.KEYS) == {
        "product_id_unique": 2,
        "product_id_filled": 1,
        "product_id_tidy": 1,
        "department_filled": 1,
    }


@pytest.mark.parametrize("suite", [customers.totals_suite, products.totals_suite], ids=["customers", "products"])
@pytest.mark.parametrize(
    ("rows_before", "figures", "rules"),
    [
        (100, {"rows": 96, "rejected_share": 0.5}, set()),
        (None, {"rows": 1, "rejected_share": 0.0}, set()),
        (100, {"rows": 90, "rejected_share": 0.0}, {"rows_off_last_delivery"}),
        (100, {"rows": 201, "rejected_share": 0.6}, {"rows_off_last_delivery", "too_many_rejected"}),
        (
            100,
            {"rows": 1001, "rejected_share": 0.9},
            {"rows_off_last_delivery", "rows_far_off_last_delivery", "too_many_rejected", "far_too_many_rejected"},
        ),
        (
            100,
            {"rows": 0, "rejected_share": 0.0},
            {"not_empty", "rows_off_last_delivery", "rows_far_off_last_delivery"},
        ),
    ],
)
def test_the_size_of_a_list_is_judged_by_its_last_delivery(
    broken: Broken,
    suite: Callable[..., ExpectationSuite],
    rows_before: int | None,
    figures: dict[str, float],
    rules: set[str],
) -> None:
    assert set(broken(suite(rows_before=rows_before), figures)) == rules
