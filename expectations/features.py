"""A features snapshot: one row per customer known at as_of, built only from earlier data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise, product

from great_expectations import ExpectationSuite

from expectations.rules import Rule, filled, holds, named_suite, none_found, total, unique
from jobs.features.table import WINDOW_DAYS, feature_columns, lag_name, window_name
from jobs.lake.tables import MONEY

MONEY_TOLERANCE = 0.01
"""Allowed difference between a sum of doubles and the exact sum, in the shop's currency."""
GROWTH_WARNING = 3.0
VOLATILE_WINDOW_DAYS = 7
YEAR_SUMS = (
    "net_value_same_season_last_year_3m",
    "orders_same_season_last_year_3m",
    "active_months_12m",
    "order_days_30d",
    "order_days_365d",
    "units_30d",
    "units_365d",
    "return_value_365d",
    "return_orders_365d",
    "rfm_recency",
    "rfm_frequency",
    "rfm_monetary",
)
KEYS = ("customer_id",)

_NOBODY = "Without rows there are no customers to forecast"

_BOUGHT_OR_RETURNED = "orders_lifetime > 0 or return_orders_lifetime > 0"


def suite(as_of: date) -> ExpectationSuite:
    """Rules for the customers of a snapshot."""
    before = f"< DATE'{as_of}'"
    rules = [
        unique("customer_id", because="Every known customer has exactly one row; duplicates are trained on twice"),
        filled("customer_id", because="It is the key"),
        holds(
            "known_before_as_of",
            f"{_BOUGHT_OR_RETURNED} or coalesce(signup_on {before}, false)",
            says="the customer bought, returned or signed up before as_of",
            because="Forecasts are made only for customers known at as_of",
        ),
        holds(
            "nothing_from_the_future",
            f"last_ordered_on {before} and first_ordered_on {before}",
            says="first and last order are before as_of",
            because="Data from after as_of is what the model predicts",
        ),
        holds(
            "recency_within_tenure",
            "recency_days >= 1 and recency_days <= tenure_days",
            says="recency_days is at least 1 and at most tenure_days",
            because="The last order is not before the first, and both are before as_of",
        ),
        holds(
            "orders_have_dates",
            "(orders_lifetime > 0) = (first_ordered_on is not null) and "
            "(first_ordered_on is null) = (last_ordered_on is null)",
            says="customers with orders, and only they, have a first and a last order date",
            because="Tenure and recency are calculated from them",
        ),
        *_sums_agree(),
    ]
    return named_suite("features", "customers of the snapshot", rules)


def totals_suite(as_of: date, *, customers: bool, rows_before: int | None) -> ExpectationSuite:
    """Rules for the snapshot as a whole.

    Args:
        as_of: the snapshot.
        customers: whether the customer list was delivered with the data month.
        rows_before: the number of rows of the snapshot a month earlier, if there is one.
    """
    rules = [
        total("not_empty", "rows", low=1, says="there is at least one row", because=_NOBODY, severity="critical"),
        none_found(
            "every_known_customer_has_a_row",
            _known_without_row(as_of, customers=customers, snapshot_before=rows_before is not None),
            says="every customer who bought by the end of the data month, or is on the customer list, has a row",
            because="A customer without a row gets no forecast, and all totals are too low",
        ),
        total(
            "net_value_lifetime_as_in_transactions",
            "net_value_lifetime_less_transactions",
            low=0,
            high=0,
            says="net_value_lifetime of all customers equals the net_value of all order lines",
            because="Each snapshot continues from the previous one: an amount lost once is missing from all later ones",
            severity="critical",
        ),
        total(
            "net_value_of_months_as_in_transactions",
            "largest_month_difference",
            high=MONEY_TOLERANCE,
            says="net_value of each of the last twelve months equals that of the month's order lines",
            because="These columns are the training labels of the model",
            severity="critical",
        ),
    ]
    if rows_before:
        rules.append(
            total(
                "customers_far_more_than_before",
                "rows",
                high=GROWTH_WARNING * rows_before,
                says=f"at most {GROWTH_WARNING:g} times the customers of the previous snapshot",
                because="If the format of ids changes, every customer becomes a new one",
                severity="warning",
            )
        )
    return named_suite("features_totals", "the snapshot as a whole", rules)


def required(departments: Sequence[str]) -> set[str]:
    """Columns that are never null: keys, months, sums and counts, which are zero without activity."""
    declared = feature_columns(departments)
    sums = {column.name for column in declared if column.role in ("key", "history") or column.type in (MONEY, "bigint")}
    return sums | set(YEAR_SUMS) | set(_windows(("net_value", "orders"), WINDOW_DAYS, departments))


def volatile(departments: Sequence[str]) -> set[str]:
    """Columns that are constant if the shop is closed at the end of the month."""
    short = [days for days in WINDOW_DAYS if days <= VOLATILE_WINDOW_DAYS]
    return set(_windows(("net_value", "orders", "order_value_mean"), short, departments))


def _windows(measures: Sequence[str], windows: Sequence[int], departments: Sequence[str]) -> Iterator[str]:
    for measure, days, department in product(measures, windows, (None, *departments)):
        yield window_name(measure, days, department)


def _known_without_row(as_of: date, *, customers: bool, snapshot_before: bool) -> str:
    known = ["SELECT customer_id FROM {transactions}"]
    if snapshot_before:
        known.append("SELECT customer_id FROM {snapshot_before} WHERE " + _BOUGHT_OR_RETURNED)  # noqa: S608
    if customers:
        known.append(f"SELECT customer_id FROM {{customers}} WHERE signup_on < DATE'{as_of}'")  # noqa: S608
    return f"({' UNION '.join(known)}) EXCEPT SELECT customer_id FROM {{rows}}"  # noqa: S608


def _sums_agree() -> list[Rule]:
    wider = [*(window_name("orders", days) for days in WINDOW_DAYS), "orders_lifetime"]
    month, month_before = lag_name("orders", 1), lag_name("orders", 2)
    return [
        holds(
            "orders_grow_with_the_window",
            " and ".join(f"{shorter} <= {longer}" for shorter, longer in pairwise(wider)),
            says="a longer window has at least as many orders as a shorter one",
            because="The windows are sums over the same days; if they disagree, one of them is wrong",
        ),
        holds(
            "windows_agree_with_months",
            f"{window_name('orders', 30)} <= {month} + {month_before} and {month} <= {window_name('orders', 60)}",
            says="orders of 30 and 60 days agree with those of the last two calendar months",
            because="Windows are features and months are labels; both are sums over the same days",
        ),
        holds(
            "net_value_lifetime_is_sales_less_returns",
            "net_value_lifetime = sales_value_lifetime - return_value_lifetime",
            says="net_value_lifetime is sales_value_lifetime less return_value_lifetime",
            because="All three are rolled forward separately",
        ),
    ]
