"""The customer list as delivered with the data month."""

from __future__ import annotations

from great_expectations import ExpectationSuite

from expectations.delivery import few_rejected, not_empty, size_of_list, tidy
from expectations.rules import filled, holds, named_suite, one_of, unique
from jobs.cleaning.customers import MEMBERSHIPS

EARLIEST_SIGNUP = "1990-01-01"

KEYS = ("customer_id",)


def suite() -> ExpectationSuite:
    """Rules for the accounts."""
    rules = [
        unique("customer_id", because="A duplicate account would double its customer's features"),
        filled("customer_id", because="It is the key"),
        tidy("customer_id"),
        filled("signup_on", because="Without it, it is unknown whether the account existed before as_of"),
        one_of("membership", MEMBERSHIPS, because="The model is trained on these three; others are new memberships"),
        holds(
            "signup_on_plausible",
            f"signup_on >= DATE'{EARLIEST_SIGNUP}'",
            says=f"signup_on is not before {EARLIEST_SIGNUP}",
            because="Systems write 1900-01-01 or 1970-01-01 for an unknown date",
            severity="warning",
        ),
    ]
    return named_suite("customers", "accounts as delivered with the data month", rules)


def totals_suite(*, rows_before: int | None) -> ExpectationSuite:
    """Rules for the list as a whole; `rows_before` is the size of the last earlier delivery, if there is one."""
    rules = [not_empty(), few_rejected("critical"), few_rejected("warning")]
    if rows_before:
        rules += [size_of_list(rows_before, "critical"), size_of_list(rows_before, "warning")]
    return named_suite("customers_totals", "the customer list as a whole", rules)
