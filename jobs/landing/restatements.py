"""Restated months: months whose delivery changed after they were ingested, with the change in rows and in value.

Only the delivery counts: a month that was read with another mapping or other code is read again, and is not compared.
Additional rows without a readable time, which are filed under the first month and rejected there, are no restatement.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from pathlib import Path

import numpy as np
import pyarrow as pa

from jobs.core.month import Month
from jobs.core.refusal import RefusedError
from jobs.core.value_basis import NET_REVENUE
from jobs.lake.arrow import read_rows
from jobs.lake.lake import Lake
from jobs.lake.tables import rejected
from jobs.landing.deliveries import TABLES, reading_inputs
from jobs.landing.files import batches, readable
from jobs.landing.layouts import DatedFiles, Delivery
from jobs.landing.times import months_of
from jobs.sources.mapping import Source, TransactionColumns

_NUMBER = re.compile(r"\s*[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,3})?\s*", re.ASCII)
"""The numbers that `jobs.cleaning.parsing.money` reads."""
_STEP, _DIGITS_BEFORE_THE_POINT = Decimal("0.0001"), 14
_PRECISION = 50
"""Digits; enough for the product of two numbers of 18 digits, and for sums of such products."""


class RestatedError(RefusedError):
    """The delivery of ingested months has changed, and the run does not accept restatements."""


@dataclass(frozen=True, kw_only=True)
class Total:
    """A month's rows and their value, clean and rejected rows together.

    Attributes:
        rows: the number of rows.
        money: the net value of the rows whose value can be read. None if the files alone do not give it: sessions have
            no value, margins and predicates for returns need Spark, and a file of the lake may be damaged.
    """

    rows: int
    money: Decimal | None


@dataclass(frozen=True, kw_only=True)
class Restatement:
    """One month of one table, as it was ingested and as it is delivered now."""

    table: str
    month: Month
    before: Total
    now: Total

    def __str__(self) -> str:
        """One line: month, table, and the change in rows and in value."""
        rows = f"{self.month} {self.table}: rows {self.before.rows:,} to {self.now.rows:,}"
        rows += f" ({self.now.rows - self.before.rows:+,})"
        if self.before.money is None or self.now.money is None:
            return rows
        moved = self.now.money - self.before.money
        return f"{rows}, value {self.before.money:,.2f} to {self.now.money:,.2f} ({moved:+,.2f})"


@dataclass(frozen=True, kw_only=True)
class Changes:
    """The ingested months of one table that a run would read otherwise than before.

    Attributes:
        restated: months whose own rows changed.
        undated: months that only gained or lost rows whose time is not in the month.
        reread: months that were read with another mapping or other code → which of these inputs changed.
    """

    restated: Sequence[Month]
    undated: Sequence[Month]
    reread: Mapping[Month, Sequence[str]]

    @property
    def months(self) -> set[Month]:
        """All of them."""
        return {*self.restated, *self.undated, *self.reread}


def changes(
    source: Source, delivered: Delivery, lake: Lake, months: Sequence[Month], fingerprints: Mapping[Month, str]
) -> Changes:
    """Compare a table's delivery with the inputs of its months in the lake. A month no longer delivered is unchanged.

    Args:
        source: the mapping.
        delivered: the delivery of a table.
        lake: the lake.
        months: the months to compare.
        fingerprints: `delivered.fingerprint` of every month delivered.
    """
    table = TABLES[delivered.table]
    calendar = delivered.calendar if isinstance(delivered, DatedFiles) else None
    restated: list[Month] = []
    undated: list[Month] = []
    reread: dict[Month, list[str]] = {}
    reading = reading_inputs(source)
    for month in months:
        landing = calendar.fingerprint(month) if calendar else fingerprints.get(month)
        if landing is None or not lake.is_complete(table, month):
            continue
        before = lake.record(table, month).inputs
        changed = [name for name, fingerprint in reading.items() if before.get(name) != fingerprint]
        if changed:
            reread[month] = changed
            continue
        dated = calendar.dated_fingerprint(month) if calendar else landing
        if landing != before["landing"]:
            (undated if dated == before.get("dated", before["landing"]) else restated).append(month)
    return Changes(restated=restated, undated=undated, reread=reread)


def restatement(source: Source, delivered: Delivery, lake: Lake, month: Month, *, cache: Path) -> Restatement:
    """The change of a month in rows and in value; a list that was never ingested had no rows.

    Args:
        source: the mapping.
        delivered: the delivery of the table.
        lake: the lake.
        month: the month.
        cache: the folder of Parquet copies.

    Raises:
        LandingError: a file is damaged.
    """
    columns = _money_columns(source, delivered.table)
    return Restatement(
        table=delivered.table,
        month=month,
        before=_ingested(lake, delivered.table, month, columns),
        now=_delivered(source, delivered, month, columns, cache),
    )


def _money_columns(source: Source, table: str) -> tuple[str, ...] | None:
    """The delivered columns whose product is a line's net value; None if the value needs more than a product."""
    columns = source.tables[table]
    if not isinstance(columns, TransactionColumns) or source.returns or source.value_basis != NET_REVENUE:
        return None
    if columns.amount is not None:
        return (columns.amount,)
    assert columns.units is not None
    assert columns.unit_price is not None
    return columns.units, columns.unit_price


def _ingested(lake: Lake, table: str, month: Month, columns: Sequence[str] | None) -> Total:
    clean, refused = TABLES[table], rejected(TABLES[table])
    if not lake.is_complete(clean, month):
        return Total(rows=0, money=None)
    record = lake.record(clean, month)
    rows = record.rows + lake.record(refused, month).rows
    if columns is None:
        return Total(rows=rows, money=None)
    if not lake.is_intact(refused, month):
        return Total(rows=rows, money=None)
    raw = map(json.loads, read_rows(lake, refused, [month], ["raw"])["raw"].to_pylist())
    unclean = _value(Counter(tuple(row.get(name) for name in columns) for row in raw))
    return Total(rows=rows, money=Decimal(record.sums.get("net_value", "0")) + unclean)


def _delivered(source: Source, delivered: Delivery, month: Month, columns: Sequence[str] | None, cache: Path) -> Total:
    rows, values = 0, Counter[tuple[object, ...]]()
    for batch in _batches_of(source, delivered, month, cache):
        rows += batch.num_rows
        if columns is not None:
            values.update(zip(*(_texts(batch, name, source) for name in columns), strict=True))
    return Total(rows=rows, money=None if columns is None else _value(values))


def _batches_of(source: Source, delivered: Delivery, month: Month, cache: Path) -> Iterator[pa.RecordBatch]:
    """The rows filed under a month."""
    columns = source.tables[delivered.table]
    calendar = delivered.calendar if isinstance(delivered, DatedFiles) else None
    for path in delivered.files_of([month]):
        for batch in batches(readable(path, cache), source):
            if calendar is None:
                yield batch
                continue
            months = months_of(batch.column(getattr(columns, str(columns.time))), source)
            is_own = months == np.datetime64(str(month), "M")
            if month == calendar.first:
                first, last = (np.datetime64(str(end), "M") for end in (calendar.first, calendar.last))
                is_own |= np.isnat(months) | (months < first) | (months > last)
            yield batch.filter(pa.array(is_own))


def _texts(batch: pa.RecordBatch, name: str, source: Source) -> list[object]:
    if name not in batch.schema.names:
        return [None] * batch.num_rows
    values = batch.column(name).to_pylist()
    return [value.decode(source.encoding, errors="replace") if isinstance(value, bytes) else value for value in values]


def _value(lines: Counter[tuple[object, ...]]) -> Decimal:
    """The sum of the lines' products, rounded like `jobs.cleaning.parsing.money`; other values count as 0."""
    with localcontext(prec=_PRECISION):
        total = Decimal(0)
        for factors, count in lines.items():
            product: Decimal | None = Decimal(1)
            for number in map(_number, factors):
                product = None if product is None or number is None else _rounded(product * number)
            total += count * (product or 0)
        return total


def _number(value: object) -> Decimal | None:
    text = str(value)
    return _rounded(Decimal(text)) if _NUMBER.fullmatch(text) else None


def _rounded(number: Decimal) -> Decimal | None:
    if number.adjusted() >= _DIGITS_BEFORE_THE_POINT:
        return None
    return number.quantize(_STEP, ROUND_HALF_UP)
