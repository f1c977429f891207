"""A month of logins."""

from __future__ import annotations

from great_expectations import ExpectationSuite

from expectations.delivery import few_rejected, in_month, listed, not_empty, reaches_the_end, tidy
from expectations.rules import filled, named_suite
from expectations.volume import History, volume_rules
from jobs.core.month import Month

KEYS = ("customer_id", "logged_in_at")


def suite(month: Month, *, customers: bool) -> ExpectationSuite:
    """Rules for the logins of a month; `customers` states whether the customer list was delivered for it."""
    rules = [
        filled("customer_id", because="Logins are counted by customer"),
        filled("logged_in_at", because="Logins are counted by day"),
        tidy("customer_id"),
        in_month("logged_in_at", month),
    ]
    if customers:
        rules.append(listed("customer_id", "customers"))
    return named_suite("sessions", "logins of the data month", rules)


def totals_suite(history: History, month: Month, *, usual_gap_days: int) -> ExpectationSuite:
    """Rules for the totals of a month of logins; arguments as in `expectations.transactions`."""
    rules = [
        not_empty(),
        *volume_rules(history, month, counts=("rows", "customers")),
        reaches_the_end(usual_gap_days, "critical"),
        reaches_the_end(usual_gap_days, "warning"),
        few_rejected("critical"),
        few_rejected("warning"),
    ]
    return named_suite("sessions_totals", "the data month's logins together", rules)
