"""Three order lines to try the service with, in the shop's own columns and from before the day it forecasts as of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from jobs.service.on_request.live_model import LiveModel
from jobs.sources import load
from jobs.sources.mapping import Source

_SHOP, _AS_OF = "simulated_shop", date(2011, 12, 1)
"""Shown while no model is loaded."""
_BOUGHT = ((100, "a-1", 2, "12.50"), (40, "a-2", 1, "30.00"), (10, "a-3", 3, "12.50"))
"""Days before, order, units and price of one unit."""
_NAME = "new-1"


def example(live: LiveModel | None) -> dict[str, Any]:
    """A body that the live model can forecast."""
    source, as_of = (live.source, live.newest) if live else (load(_SHOP), _AS_OF)
    rows = [_line(source, as_of - timedelta(days=days), order, units, price) for days, order, units, price in _BOUGHT]
    return {"customers": [{"customer_id": _NAME, "transactions": rows}]}


def _line(source: Source, day: date, order: str, units: int, price: str) -> Mapping[str, str]:
    columns = source.transactions
    at = datetime.combine(day, time(10, 30))
    values = {
        columns.customer_id: _NAME,
        columns.order_id: order,
        columns.ordered_at: at.strftime(source.time_formats[0]) if source.time_formats else at.isoformat(),
        columns.product_id: f"p-{order}",
        columns.department: next(iter(source.departments), None),
        columns.units: str(units),
        columns.unit_price: price,
        columns.amount: f"{units * float(price):.2f}",
    }
    return {column: value for column, value in values.items() if column is not None and value is not None}
