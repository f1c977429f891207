"""What the shop delivers of customers, and still has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from jobs.core.month import Month
from jobs.core.settings import Settings
from jobs.erasure.marks import Marks
from jobs.landing.cache import Kept
from jobs.landing.deliveries import delivery, with_open_months
from jobs.landing.files import batches, readable
from jobs.landing.layouts import Delivery, StateFiles
from jobs.sources.mapping import Source


def fingerprints_of_kept_lists(settings: Settings, source: Source) -> dict[Month, str]:
    """Month → the fingerprint of the list of customers that the lake keeps of it."""
    delivered = None if source.customers is None else _delivered(settings, source, "customers")
    if not isinstance(delivered, StateFiles):
        return {}
    return {month: delivered.fingerprint(month) for month in delivered.months}


def files_that_name(settings: Settings, source: Source, marks: Marks) -> list[Path]:
    """The delivered files that hold rows of customers; raises LandingError if one cannot be read."""
    return [
        path
        for name, columns in source.tables.items()
        if (column := getattr(columns, "customer_id", None)) is not None
        for path in _files(settings, source, name)
        if any(map(marks.is_theirs, _ids(path, settings, source, column)))
    ]


def _delivered(settings: Settings, source: Source, table: str) -> Delivery | None:
    return delivery(source, table, settings.landing, Kept.of(settings))


def _files(settings: Settings, source: Source, table: str) -> list[Path]:
    delivered = _delivered(settings, source, table)
    if delivered is None:
        return []
    if isinstance(delivered, StateFiles):
        return list(delivered.files)
    opened = with_open_months(delivered, settings.landing)
    return sorted(set(opened.files_of(opened.months)))


def _ids(path: Path, settings: Settings, source: Source, column: str) -> Iterator[str | None]:
    for batch in batches(readable(path, settings.cache), source):
        for id_ in pc.unique(batch.column(column).cast(pa.binary()).cast(pa.large_binary())).to_pylist():
            yield None if id_ is None else id_.decode(source.encoding, errors="replace")
