"""What a row is worth without Spark, by the rules of `jobs.cleaning.transactions` and `margin`."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from jobs.cleaning.row_predicates import Predicate
from jobs.cleaning.row_sql.expressions import Values
from jobs.cleaning.row_values import as_money, money, product, text_in
from jobs.core.value_basis import NET_REVENUE
from jobs.sources.mapping import Source

_RATE_UNIT = Decimal("0.000001")


def net_value(seen: Values, source: Source, returns: Predicate | None) -> Decimal | None:
    """The value of a line: negative if the mapping says that it is a return, or if it is delivered so."""
    value: Decimal | None = seen["amount"]
    units, unit_price = seen["unsigned_units"], seen["unit_price"]
    if source.transactions.amount is None and units is not None and unit_price is not None:
        value = as_money(product(units, unit_price))
    return -abs(value) if value is not None and returns is not None and returns(seen) else value


def margin(
    texts: Mapping[str, str | None], source: Source, value: Decimal | None, units: Decimal | None, department: str
) -> Decimal | None:
    """The value on the source's value basis."""
    columns = source.transactions
    if value is None or source.value_basis == NET_REVENUE:
        return value
    if source.margin_rates:
        rate = source.margin_rates.get(department)
        return None if rate is None else as_money(product(value, _rate(rate)))
    if columns.margin is not None:
        kept = money(text_in(texts, columns.margin))
        return -kept if kept is not None and source.returns is not None and value < 0 else kept
    cost = money(text_in(texts, columns.unit_cost))
    return None if cost is None or units is None else as_money(value - product(units, cost))


def _rate(rate: float) -> Decimal:
    return Decimal(str(rate)).quantize(_RATE_UNIT, ROUND_HALF_UP)
