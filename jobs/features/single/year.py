"""Features of the last year of one customer: trailing windows, calendar months, habits, diversity.

The twins are `jobs.features.windows`, `calendar`, `returns` and `diversity`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache, reduce
from operator import add

from jobs.core.month import Month
from jobs.features.single.past import (
    ZERO,
    Order,
    PastLine,
    Row,
    last_days,
    net_value,
    orders,
    ratio,
    returned,
    sold,
    units,
)
from jobs.features.single.strict_log import strict_log
from jobs.features.table import (
    DAYPARTS,
    LAG_MONTHS,
    SEASON_LAG_MONTHS,
    WEEKDAYS,
    WINDOW_DAYS,
    YEAR_DAYS,
    lag_name,
    window_name,
)

_HOURS_PER_DAYPART = 24 // len(DAYPARTS)


def windows(past: Sequence[PastLine], departments: Sequence[str]) -> Row:
    """Value, orders and sales per order of each window, overall and in each department."""
    row = _windows(past, None)
    for department in departments:
        row |= _windows([bought for bought in past if bought.line.department == department], department)
    return row


def _windows(past: Sequence[PastLine], department: str | None) -> Row:
    row: Row = {}
    value, sales, older = ZERO, ZERO, 0
    placed: set[Order] = set()
    for days, names in _window_names(department):
        while older < len(past) and past[older].age_days <= days:
            _, order, line = past[older]
            value += line.net_value
            if not line.is_return:
                sales += line.net_value
                placed.add(order)
            older += 1
        row |= zip(names, (value, len(placed), ratio(sales, len(placed))), strict=True)
    return row


@cache
def _window_names(department: str | None) -> list[tuple[int, list[str]]]:
    measures = ("net_value", "orders", "order_value_mean")
    return [(days, [window_name(measure, days, department) for measure in measures]) for days in WINDOW_DAYS]


def months(past: Sequence[PastLine], as_of: date) -> Row:
    """Value and orders of each calendar month, and what is made of them."""
    values = dict.fromkeys(LAG_MONTHS, ZERO)
    placed: dict[int, set[Order]] = {lag: set() for lag in LAG_MONTHS}
    this_month = Month.of(as_of)
    for bought in past:
        lag = Month.of(bought.order[0]).months_until(this_month)
        if lag in values:
            values[lag] += bought.line.net_value
            if not bought.line.is_return:
                placed[lag].add(bought.order)
    return {
        **{lag_name("net_value", lag): value for lag, value in values.items()},
        **{lag_name("orders", lag): len(month) for lag, month in placed.items()},
        "net_value_same_season_last_year_3m": sum((values[lag] for lag in SEASON_LAG_MONTHS), ZERO),
        "orders_same_season_last_year_3m": sum(len(placed[lag]) for lag in SEASON_LAG_MONTHS),
        "active_months_12m": sum(bool(month) for month in placed.values()),
    }


def year(past: Sequence[PastLine]) -> Row:
    """Days, units, returns, parts of the day and days of the week of the year."""
    in_year, in_month = last_days(past, YEAR_DAYS), last_days(past, 30)
    returns = returned(in_year)
    return_value = -net_value(returns)
    first_sales = _first_sales(sold(in_year))
    parts = Counter(DAYPARTS[at.hour // _HOURS_PER_DAYPART] for at in first_sales)
    weekdays = Counter(WEEKDAYS[at.weekday()] for at in first_sales)
    return {
        "order_days_30d": len({day for day, _ in orders(sold(in_month))}),
        "order_days_365d": len({at.date() for at in first_sales}),
        "units_30d": units(in_month),
        "units_365d": units(in_year),
        "return_value_365d": return_value,
        "return_orders_365d": len(orders(returns)),
        "return_value_share_365d": ratio(return_value, net_value(sold(in_year))),
        **{f"orders_share_{part}_365d": ratio(parts[part], len(first_sales)) for part in DAYPARTS},
        **{f"orders_share_{day}_365d": ratio(weekdays[day], len(first_sales)) for day in WEEKDAYS},
    }


def _first_sales(bought: Sequence[PastLine]) -> list[datetime]:
    """The time of the first line of each order."""
    first: dict[Order, datetime] = {}
    for _, order, line in bought:
        first[order] = min(first.get(order, line.ordered_at), line.ordered_at)
    return list(first.values())


def diversity(past: Sequence[PastLine], departments: Sequence[str]) -> Row:
    """Articles per order; departments and their entropy, sales outside the declared ones as one department.

    Departments whose sales are not positive, as margins can be, do not count.
    """
    bought = sold(last_days(past, YEAR_DAYS))
    sales = dict.fromkeys((*departments, None), ZERO)
    articles: set[tuple[Order, str, str]] = set()
    for _, order, line in bought:
        sales[line.department if line.department in sales else None] += line.net_value
        if line.product_id is not None:
            articles.add((order, line.department, line.product_id))
    total = sum(sales.values(), ZERO)
    return {
        "products_per_order_365d": ratio(len(articles), len(orders(bought))),
        "departments_365d": sum(value > 0 for value in sales.values()),
        "department_entropy_365d": _entropy(list(sales.values()), total) if total > 0 else None,
    }


def _entropy(values: Sequence[Decimal], total: Decimal) -> float:
    shares = [float(value) / float(total) if value > 0 else 1.0 for value in values]
    return 0.0 - reduce(add, (share * strict_log(share) for share in shares))
