"""The features computed the slow way: per customer and snapshot, from all lines of all history, in plain Python."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import pstdev
from typing import Any

import numpy as np
import pandas as pd

from jobs.core.month import Month
from jobs.features.table import (
    DAYPARTS,
    LAG_MONTHS,
    MONTH_NAMES,
    WEEKDAYS,
    WINDOW_DAYS,
    feature_columns,
    lag_name,
    window_name,
)
from tests.features.random_shop import Shop

Row = dict[str, object]


def snapshots(shop: Shop, as_ofs: Sequence[date], departments: Sequence[str]) -> pd.DataFrame:
    """The rows of some snapshots, with `as_of` as text, ordered by it and by customer."""
    rows = [row | {"as_of": str(as_of)} for as_of in as_ofs for row in _snapshot(shop, as_of, departments)]
    return pd.DataFrame(rows, columns=[*(column.name for column in feature_columns(departments)), "as_of"])


def _snapshot(shop: Shop, as_of: date, departments: Sequence[str]) -> list[Row]:
    lines = shop.lines.assign(day=shop.lines["ordered_at"].map(lambda at: at.date()))
    lines = lines[lines["day"] < as_of]
    lists = [month for month in shop.customers["month"] if Month.parse(month).as_of <= as_of]
    newest = shop.customers[shop.customers["month"] == max(lists, default="none")]
    listed = newest[newest["signup_on"] < as_of].set_index("customer_id")
    rows = []
    for customer_id in sorted({*lines["customer_id"], *listed.index}):
        own = lines[lines["customer_id"] == customer_id]
        row: Row = {"customer_id": customer_id}
        row |= _profile(listed, customer_id, as_of) | _logins(shop.sessions, customer_id, as_of)
        row |= _windows(own, as_of, departments) | _lifetime(own, as_of) | _calendar(own, as_of) | _year(own, as_of)
        row |= _diversity(own, as_of, departments)
        rows.append(row)
    _add_rfm(rows)
    return rows


def _sold(lines: pd.DataFrame) -> pd.DataFrame:
    return lines[~lines["is_return"]]


def _total(values: pd.Series) -> Decimal:
    return sum(values, Decimal(0))


def _orders(lines: pd.DataFrame) -> int:
    """An order counts once a day."""
    return len(_sold(lines)[["day", "order_id"]].drop_duplicates())


def _returns(lines: pd.DataFrame) -> int:
    return len(lines[lines["is_return"]][["day", "order_id"]].drop_duplicates())


def _order_days(lines: pd.DataFrame) -> list[date]:
    return sorted(set(_sold(lines)["day"]))


def _ratio(numerator: Decimal | int, denominator: Decimal | int) -> float | None:
    return float(numerator) / float(denominator) if denominator else None


def _last_days(lines: pd.DataFrame, as_of: date, days: int) -> pd.DataFrame:
    return lines[lines["day"] >= as_of - timedelta(days=days)]


def _month_back(lines: pd.DataFrame, as_of: date, lag: int) -> pd.DataFrame:
    month = Month.of(as_of).plus(-lag)
    return lines.loc[[Month.of(day) == month for day in lines["day"]]]


def _profile(listed: pd.DataFrame, customer_id: str, as_of: date) -> Row:
    if customer_id not in listed.index:
        return dict.fromkeys(("signup_on", "signup_days", "membership", "city", "country"))
    row = listed.loc[customer_id]
    signup_on = row["signup_on"]
    profile = {name: row[name] for name in ("membership", "city", "country")}
    return profile | {"signup_on": signup_on, "signup_days": (as_of - signup_on).days}


def _logins(sessions: pd.DataFrame, customer_id: str, as_of: date) -> Row:
    own = sessions[sessions["customer_id"] == customer_id]
    ages = [(as_of - at.date()).days for at in own["logged_in_at"] if at.date() < as_of]
    is_delivered = str(Month.before(as_of)) in set(sessions["month"])
    counts = {f"logins_{days}d": sum(age <= days for age in ages) if is_delivered else None for days in (7, 30)}
    return counts | {"days_since_last_login": min((age for age in ages if age <= 90), default=None)}


def _windows(lines: pd.DataFrame, as_of: date, departments: Sequence[str]) -> Row:
    row: Row = {}
    for department in (None, *departments):
        bought = lines if department is None else lines[lines["department"] == department]
        for days in WINDOW_DAYS:
            window = _last_days(bought, as_of, days)
            row[window_name("net_value", days, department)] = float(_total(window["net_value"]))
            row[window_name("orders", days, department)] = _orders(window)
            mean = _ratio(_total(_sold(window)["net_value"]), _orders(window))
            row[window_name("order_value_mean", days, department)] = mean
    return row


def _lifetime(lines: pd.DataFrame, as_of: date) -> Row:
    days, sold, orders = _order_days(lines), _sold(lines), _orders(lines)
    returned = -_total(lines[lines["is_return"]]["net_value"])
    sales = _total(sold["net_value"])
    gaps = [(after - before).days for before, after in pairwise(days)]
    tenure = (as_of - days[0]).days if days else None
    recency = (as_of - days[-1]).days if days else None
    by_month = Counter(day.month for day in sold[["day", "order_id"]].drop_duplicates()["day"])
    return {
        "first_ordered_on": days[0] if days else None,
        "last_ordered_on": days[-1] if days else None,
        "orders_lifetime": orders,
        "order_days_lifetime": len(days),
        "net_value_lifetime": _total(lines["net_value"]),
        "sales_value_lifetime": sales,
        "return_value_lifetime": returned,
        "return_orders_lifetime": _returns(lines),
        "units_lifetime": _total(lines["units"]),
        "gap_days_squared_lifetime": sum(gap * gap for gap in gaps),
        "tenure_days": tenure,
        "recency_days": recency,
        "orders_per_30d_lifetime": orders * 30 / tenure if tenure else None,
        "order_value_mean_lifetime": _ratio(sales, orders),
        "return_value_share_lifetime": _ratio(returned, sales),
        "gap_days_mean": sum(gaps) / len(gaps) if gaps else None,
        "gap_days_std": pstdev(gaps) if gaps else None,
        "recency_to_gap_mean": recency / (sum(gaps) / len(gaps)) if gaps else None,
        **{f"orders_{name}_lifetime": by_month[number] for number, name in enumerate(MONTH_NAMES, start=1)},
        **{
            f"orders_share_{name}_lifetime": _ratio(by_month[number], orders)
            for number, name in enumerate(MONTH_NAMES, start=1)
        },
    }


def _calendar(lines: pd.DataFrame, as_of: date) -> Row:
    months = {lag: _month_back(lines, as_of, lag) for lag in LAG_MONTHS}
    values = {lag: _total(month["net_value"]) for lag, month in months.items()}
    orders = {lag: _orders(month) for lag, month in months.items()}
    return {
        **{lag_name("net_value", lag): float(values[lag]) for lag in LAG_MONTHS},
        **{lag_name("orders", lag): orders[lag] for lag in LAG_MONTHS},
        "net_value_same_season_last_year_3m": float(values[10] + values[11] + values[12]),
        "orders_same_season_last_year_3m": orders[10] + orders[11] + orders[12],
        "active_months_12m": sum(count > 0 for count in orders.values()),
    }


def _year(lines: pd.DataFrame, as_of: date) -> Row:
    year, month = _last_days(lines, as_of, 365), _last_days(lines, as_of, 30)
    orders = _sold(year).groupby(["day", "order_id"])["ordered_at"].min()
    parts = Counter(DAYPARTS[at.hour // 6] for at in orders)
    weekdays = Counter(WEEKDAYS[at.weekday()] for at in orders)
    returned = -_total(year[year["is_return"]]["net_value"])
    return {
        "order_days_30d": len(_order_days(month)),
        "order_days_365d": len(_order_days(year)),
        "units_30d": float(_total(month["units"])),
        "units_365d": float(_total(year["units"])),
        "return_value_365d": float(returned),
        "return_orders_365d": _returns(year),
        "return_value_share_365d": _ratio(returned, _total(_sold(year)["net_value"])),
        **{f"orders_share_{name}_365d": _ratio(parts[name], len(orders)) for name in DAYPARTS},
        **{f"orders_share_{name}_365d": _ratio(weekdays[name], len(orders)) for name in WEEKDAYS},
    }


def _diversity(lines: pd.DataFrame, as_of: date, departments: Sequence[str]) -> Row:
    sold = _sold(_last_days(lines, as_of, 365))
    counted_as = sold["department"].where(sold["department"].isin(departments), "undeclared")
    sales = [float(_total(part)) for _, part in sold["net_value"].groupby(counted_as)]
    articles = len(sold[["day", "order_id", "department", "product_id"]].drop_duplicates())
    return {
        "products_per_order_365d": _ratio(articles, _orders(sold)),
        "departments_365d": len(sales),
        "department_entropy_365d": -sum(v / sum(sales) * math.log(v / sum(sales)) for v in sales) if sales else None,
    }


def _add_rfm(rows: list[Row]) -> None:
    buyers = [row for row in rows if row["orders_365d"]]
    for score, measure, sign in (
        ("rfm_recency", "recency_days", -1),
        ("rfm_frequency", "orders_365d", 1),
        ("rfm_monetary", "net_value_365d", 1),
    ):
        cuts: Any = np.percentile([row[measure] for row in buyers], [20, 40, 60, 80]) if buyers else []
        for row in rows:
            above = sum(cut < row[measure] for cut in cuts) if row["orders_365d"] else 0
            best_first = 5 - above if sign < 0 else 1 + above
            row[score] = best_first if row["orders_365d"] else 0
