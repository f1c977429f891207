"""The daily table of the data month, compared with its order lines."""

from __future__ import annotations

from great_expectations import ExpectationSuite

from expectations.rules import filled, holds, named_suite, total, unique
from jobs.core.month import Month

KEYS = ("customer_id", "ordered_on", "department")


def suite(month: Month, *, is_margin: bool = False) -> ExpectationSuite:
    """Rules for the daily rows of a month; sales and return values may be negative if `is_margin`."""
    amounts = "" if is_margin else "sales_value, return_value, "
    rules = [
        unique(*KEYS, because="Features sum the days: a duplicate day counts twice"),
        *(filled(column, because="Part of the key") for column in KEYS),
        holds(
            "ordered_on_in_month",
            f"ordered_on >= DATE'{month.first_day}' AND ordered_on < DATE'{month.as_of}'",
            says="ordered_on lies in the data month",
            because="A day from after the month would leak the future into the features",
        ),
        holds(
            "net_value_is_sales_less_returns",
            "net_value = sales_value - return_value",
            says="net_value is sales_value less return_value",
            because="All three are used; a difference means that a line was lost or counted twice",
        ),
        holds(
            "no_negative_counts",
            f"least({amounts}orders, return_orders, products) >= 0",
            says="values and counts of sales and of returns are not negative",
            because="They are unsigned amounts; only net_value and units have a sign",
        ),
        holds(
            "orders_by_part_of_day",
            "orders = orders_night + orders_morning + orders_afternoon + orders_evening",
            says="the four parts of the day add up to orders",
            because="Otherwise the shares of the parts of the day do not add up to one",
        ),
    ]
    return named_suite("daily", "customers' days of the data month, by department", rules)


def totals_suite() -> ExpectationSuite:
    """Rules for the totals of a month's daily rows."""
    rules = [
        total(
            f"{name}_as_in_transactions",
            f"{name}_less_transactions",
            low=0,
            high=0,
            says=f"{name} of all days, each counted once, equals that of the order lines",
            because="Features are built from the days, so each line must be in them exactly once",
            severity="critical",
        )
        for name in ("net_value", "units")
    ]
    return named_suite("daily_totals", "the data month's days together", rules)
