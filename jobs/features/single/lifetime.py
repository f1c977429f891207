"""Lifetime features of one customer: the twin of `jobs.features.lifetime`, which rolls a state forward."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from jobs.features.single.past import PastLine, Row, net_value, orders, ratio, returned, sold, units
from jobs.features.table import MONTH_NAMES

_DAYS_PER_MONTH = 30


def lifetime(past: Sequence[PastLine], as_of: date) -> Row:
    """Totals over all lines, the rhythm of the orders, and their shares by calendar month."""
    placed, sales, returns = orders(sold(past)), net_value(sold(past)), returned(past)
    return_value = -net_value(returns)
    by_month = Counter(day.month for day, _ in placed)
    counts = [(name, by_month[number]) for number, name in enumerate(MONTH_NAMES, start=1)]
    return {
        "orders_lifetime": len(placed),
        "net_value_lifetime": net_value(past),
        "sales_value_lifetime": sales,
        "return_value_lifetime": return_value,
        "return_orders_lifetime": len(orders(returns)),
        "units_lifetime": units(past),
        "order_value_mean_lifetime": ratio(sales, len(placed)),
        "return_value_share_lifetime": ratio(return_value, sales),
        **{f"orders_{name}_lifetime": count for name, count in counts},
        **{f"orders_share_{name}_lifetime": ratio(count, len(placed)) for name, count in counts},
        **_rhythm(sorted({day for day, _ in placed}), len(placed), as_of),
    }


def _rhythm(days: Sequence[date], placed: int, as_of: date) -> Row:
    """When a customer orders: its first and last day, and the gaps between its days with an order."""
    gaps = len(days) - 1
    squared = sum((after - before).days ** 2 for before, after in pairwise(days))
    span = (days[-1] - days[0]).days if days else 0
    tenure, recency = ((as_of - days[end]).days if days else None for end in (0, -1))
    mean = span / gaps if gaps > 0 else None
    return {
        "first_ordered_on": days[0] if days else None,
        "last_ordered_on": days[-1] if days else None,
        "order_days_lifetime": len(days),
        "gap_days_squared_lifetime": squared,
        "tenure_days": tenure,
        "recency_days": recency,
        "orders_per_30d_lifetime": placed * _DAYS_PER_MONTH / tenure if tenure else None,
        "gap_days_mean": mean,
        "gap_days_std": math.sqrt((gaps * squared - span * span) / (gaps * gaps)) if gaps > 0 else None,
        "recency_to_gap_mean": recency / mean if recency and mean else None,
    }
