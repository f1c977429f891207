"""The daily grain of the data month, held against the order lines it was added up from."""

from __future__ import annotations

from great_expectations import ExpectationSuite

from expectations.rules import filled, holds, named_suite, total, unique
from jobs.core.month import Month

KEYS = ("customer_id", "ordered_on", "department")


def suite(month: Month, *, is_margin: bool = False) -> ExpectationSuite:
    """Rules for the days of a month; the values of sales and of returns may be negative where `is_margin`."""
    amounts = "" if is_margin else "sales_value, return_value, "
    rules = [
        unique(*KEYS, because="Features add the days up: a day that stands twice counts twice"),
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
            because="The three are used side by side; a difference means that a line was lost or counted twice",
        ),
        holds(
            "no_negative_counts",
            f"least({amounts}orders, return_orders, products) >= 0",
            says="values and counts of sales and of returns are not negative",
            because="They are amounts by themselves; signs belong to net_value and units alone",
        ),
        holds(
            "orders_by_part_of_day",
            "orders = orders_night + orders_morning + orders_afternoon + orders_evening",
            says="the four parts of the day add up to orders",
            because="Shares of the day's parts would not add up to one",
        ),
    ]
    return named_suite("daily", "customers' days of the data month, by department", rules)


def totals_suite() -> ExpectationSuite:
    """Rules for the days of a month together."""
    rules = [
        total(
            f"{name}_as_in_transactions",
            f"{name}_less_transactions",
            low=0,
            high=0,
            says=f"{name} of all days, each counted once, is that of the order lines",
            because="What the features are made from must hold every line once",
            severity="critical",
        )
        for name in ("net_value", "units")
    ]
    return named_suite("daily_totals", "the data month's days together", rules)
