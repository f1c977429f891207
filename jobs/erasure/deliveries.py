"""What the shop still delivers of customers."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from jobs.core.settings import Settings
from jobs.erasure.marks import Marks
from jobs.landing.cache import Kept
from jobs.landing.deliveries import delivery, with_open_months
from jobs.landing.file_checks import LandingError
from jobs.landing.files import batches, is_csv, readable
from jobs.landing.layouts import StateFiles
from jobs.sources.mapping import Source

log = logging.getLogger(__name__)


def files_that_name(settings: Settings, source: Source, marks: Marks) -> list[Path]:
    """The delivered files that hold rows of customers; a warning says which could not be searched."""
    found: list[Path] = []
    for name, columns in source.tables.items():
        column = str(getattr(columns, "customer_id", ""))
        for path in _files(settings, source, name) if column else []:
            try:
                if any(map(marks.is_theirs, _ids(path, settings, source, column))):
                    found.append(path)
            except (LandingError, KeyError, pa.ArrowException) as error:
                log.warning("%s could not be searched for rows of theirs: %s", path, error)
    return found


def _files(settings: Settings, source: Source, table: str) -> list[Path]:
    try:
        delivered = delivery(source, table, settings.landing, Kept.of(settings))
        if delivered is None:
            return []
        if isinstance(delivered, StateFiles):
            return list(delivered.files)
        opened = with_open_months(delivered, settings.landing)
        return sorted(set(opened.files_of(opened.months)))
    except LandingError as error:
        log.warning("The deliveries of %s could not be searched for rows of theirs: %s", table, error)
        return []


def _ids(path: Path, settings: Settings, source: Source, column: str) -> Iterator[str | None]:
    encoding = source.encoding if is_csv(path) else "utf-8"
    for batch in batches(readable(path, settings.cache), source):
        for id_ in pc.unique(_as_text(batch.column(column))).to_pylist():
            yield id_.decode(encoding, errors="replace") if isinstance(id_, bytes) else id_


def _as_text(ids: pa.Array) -> pa.Array:
    return ids if pa.types.is_binary(ids.type) else ids.cast(pa.string())
