"""Refuse a segment without a customer before the run does any work, where the lake or the delivery can tell."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pyarrow.parquet as pq

from jobs.core.month import Month
from jobs.lake.lake import parquet_files
from jobs.landing.files import batches, check_columns, readable, schema
from jobs.planning.run_plan import Surroundings
from jobs.planning.segment import STATUS, Segment, SegmentError

CUSTOMER_ID = "customer_id"
_VALUES_NAMED = 10


def refuse_empty(segment: Segment | None, month: Month, shop: Surroundings) -> None:
    """Raise SegmentError if no customer has any of a segment's values; do nothing where that cannot be told yet.

    The values are looked up in the newest snapshot up to the month, then in the customer list that was delivered for
    it. Only scoring can tell who has a status. A list does not tell the ids of all customers: some only have orders.
    """
    if segment is None or segment.column == STATUS:
        return
    as_of = _newest_snapshot(shop, month)
    known = Counter[str]() if as_of is None else _in_snapshot(shop, as_of, segment.column)
    if _holds(known, segment):
        return
    if segment.column == CUSTOMER_ID:
        if as_of == month.as_of:
            raise SegmentError(f"the segment {segment} holds no customer of the snapshot as of {as_of}")
        return
    listed = _in_list(shop, month, segment.column)
    if listed is None and not known:
        raise SegmentError(f"the segment {segment} is empty: the shop delivers no {segment.column} of its customers")
    if listed is not None and _holds(listed, segment):
        return
    raise SegmentError(f"the segment {segment} holds no customer{_most_frequent(known or listed, segment)}")


def _holds(frequencies: Counter[str], segment: Segment) -> bool:
    return not frequencies.keys().isdisjoint(segment.values)


def _newest_snapshot(shop: Surroundings, month: Month) -> date | None:
    until = [text for text in shop.lake.periods(shop.features) if text <= str(month.as_of)]
    return date.fromisoformat(until[-1]) if until else None


def _in_snapshot(shop: Surroundings, as_of: date, column: str) -> Counter[str]:
    """The values of a snapshot's column and how often each occurs."""
    frequencies: Counter[str] = Counter()
    for path in parquet_files(shop.lake, shop.features, [as_of]):
        counted = pq.read_table(path, columns=[column], partitioning=None)[column].value_counts().to_pylist()
        frequencies.update({entry["values"]: entry["counts"] for entry in counted if entry["values"] is not None})
    return frequencies


def _in_list(shop: Surroundings, month: Month, column: str) -> Counter[str] | None:
    """The values of a column of the delivered customer list, as ingestion reads them; None if it is not delivered."""
    delivered, columns = shop.delivered.get("customers"), shop.source.customers
    name = getattr(columns, column, None)
    newest = max((past for past in delivered.months if past <= month), default=None) if delivered else None
    if delivered is None or newest is None or columns is None or name is None:
        return None
    frequencies: Counter[str] = Counter()
    for path in delivered.files_of([newest]):
        file = readable(path, shop.cache)
        check_columns(path, schema(file, shop.source), columns, shop.source)
        for batch in batches(file, shop.source):
            for entry in batch.column(name).value_counts().to_pylist():
                text = _text(entry["values"], shop.source.encoding)
                frequencies[text.strip().lower() or "none" if column == "membership" else text] += entry["counts"]
    return frequencies


def _text(value: object, encoding: str) -> str:
    if isinstance(value, bytes):
        return value.decode(encoding, errors="replace")
    return "" if value is None else str(value)


def _most_frequent(frequencies: Counter[str] | None, segment: Segment) -> str:
    """The most frequent values of a segment's column, as the end of a message."""
    present = Counter({value: count for value, count in (frequencies or {}).items() if value.strip()})
    values = [value for value, _ in sorted(present.items(), key=lambda entry: (-entry[1], entry[0]))[:_VALUES_NAMED]]
    if not values:
        return f": {segment.column} is empty for every customer"
    return f"; the most frequent values of {segment.column} are {', '.join(values)}"
