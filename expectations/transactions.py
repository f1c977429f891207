"""A month of clean order lines, from which all later tables are built."""

from __future__ import annotations

from great_expectations import ExpectationSuite

from expectations.delivery import few_rejected, in_month, listed, no_placeholder, not_empty, reaches_the_end, tidy
from expectations.rules import Rule, filled, holds, named_suite, total
from expectations.volume import History, order_days_rules, volume_rules
from jobs.core.month import Month

NEEDED = ("customer_id", "order_id", "ordered_at", "department", "net_value", "is_return")
LARGEST_LINE_VALUE = 1_000_000

KEYS = ("order_id", "product_id")


def suite(month: Month, *, customers: bool, products: bool, is_margin: bool = False) -> ExpectationSuite:
    """Rules for the lines of a month; `customers` and `products` state whether those lists were delivered for it.

    A margin may be zero, and the margin of a sale may be negative: the rules on signs are omitted if `is_margin`.
    """
    rules = [
        *(filled(column, because="Features group by it or sum it") for column in NEEDED),
        tidy("customer_id"),
        no_placeholder("customer_id"),
        in_month("ordered_at", month),
        holds(
            "net_value_plausible",
            f"abs(net_value) <= {LARGEST_LINE_VALUE}",
            says=f"net_value of a line is within ±{LARGEST_LINE_VALUE:,}",
            because="A shifted decimal point or an id in the amount column makes one customer worth the whole shop",
            severity="warning",
        ),
    ]
    if not is_margin:
        rules += _signs()
    if customers:
        rules.append(listed("customer_id", "customers"))
    if products:
        rules.append(listed("product_id", "products"))
    return named_suite("transactions", "order lines of the data month", rules)


def _signs() -> list[Rule]:
    return [
        holds(
            "net_value_not_zero",
            "net_value <> 0",
            says="net_value is not zero",
            because="Lines without value are not purchases; ingestion rejects them",
        ),
        holds(
            "is_return_by_net_value",
            "is_return = (net_value < 0)",
            says="net_value is negative in returns and only there",
            because="Its sign distinguishes sales from returns",
        ),
        holds(
            "units_signed_as_net_value",
            "units * net_value >= 0",
            says="units and net_value have the same sign",
            because="Otherwise returned units are added to the units sold",
            severity="warning",
        ),
    ]


def totals_suite(history: History, month: Month, *, usual_gap_days: int) -> ExpectationSuite:
    """Rules for the totals of a month's lines.

    Args:
        history: the totals of earlier months.
        month: the data month.
        usual_gap_days: the longest run of days without an order in recent months.
    """
    rules = [
        not_empty(),
        total(
            "net_value_not_negative",
            "net_value",
            low=0,
            says="the month's net_value is not negative",
            because="A shop does not take back more than it sells; a negative total means amounts with the wrong sign",
            severity="critical",
        ),
        *volume_rules(history, month, counts=("rows", "customers"), money=("net_value",)),
        *order_days_rules(history, month),
        reaches_the_end(usual_gap_days, "critical"),
        reaches_the_end(usual_gap_days, "warning"),
        few_rejected("critical"),
        few_rejected("warning"),
    ]
    return named_suite("transactions_totals", "the data month's order lines together", rules)
