"""Margins: what the shop keeps of a line's value, in place of the value itself.

Sales and returns, and lines that do not count, are recognised by revenue: an article sold at a loss was not returned.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import chain

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.cleaning.filing import delivered, is_malformed
from jobs.cleaning.parsing import money
from jobs.core.value_basis import NET_REVENUE
from jobs.lake.tables import MONEY
from jobs.sources.mapping import Source

_RATE = "decimal(9,6)"


def valued(lines: DataFrame, source: Source) -> DataFrame:
    """Flagged lines with their `net_value` on the source's value basis."""
    if source.value_basis == NET_REVENUE:
        return lines
    return lines.withColumn("net_value", _margin(source))


def margin_reasons(source: Source) -> dict[str, Column]:
    """Reasons to reject a line whose margin is not known."""
    if source.value_basis == NET_REVENUE:
        return {}
    reason = "no_margin_rate" if source.margin_rates else "unreadable_margin"
    return {reason: _margin(source).isNull() & F.col("net_value").isNotNull() & ~is_malformed()}


def _margin(source: Source) -> Column:
    columns, value = source.transactions, F.col("net_value")
    if source.margin_rates:
        rates = ((F.lit(name), F.lit(Decimal(str(rate))).cast(_RATE)) for name, rate in source.margin_rates.items())
        return (value * F.try_element_at(F.create_map(*chain(*rates)), F.col("department"))).try_cast(MONEY)
    if columns.margin is None:
        return (value - F.col("units") * money(delivered(columns.unit_cost))).try_cast(MONEY)
    margin = money(delivered(columns.margin))
    return margin if source.returns is None else F.when(F.col("is_return"), -margin).otherwise(margin)
