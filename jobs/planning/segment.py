"""A segment: the customers whose text column, or status, has one of some values: `city=Paris,"Lyon, 3e"`.

Values are separated by commas. One that holds a comma, a double quote, or a space at either end stands in double
quotes, a double quote in it twice, as in CSV. Values are only ever compared with, never part of a statement.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from jobs.lake.tables import Table

ALL = "all"
"""The segment of a standard run: every known customer."""
STATUS = "status"
"""The one column that comes with the forecast and not with the snapshot."""

_VALUE = re.compile(r'\s*(?:"((?:[^"]|"")+)"|([^",]*[^",\s]))\s*(?:,|$)')


class SegmentError(ValueError):
    """A text does not name a segment."""


@dataclass(frozen=True)
class Segment:
    """The customers whose `column` has one of `values`; these are sorted and different."""

    column: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        """The text of which `parse` makes this segment; equal segments have equal texts."""
        return f"{self.column}={','.join(map(_quoted, self.values))}"


def parse(text: str, snapshots: Table) -> Segment | None:
    """The segment a text names; None for `all`.

    Args:
        text: `all`, `column=value` or `column=value,value`.
        snapshots: the features table; its text columns may be named, and `status`.

    Raises:
        SegmentError: there is no such column or status, or the values cannot be read.
    """
    if text.strip() == ALL:
        return None
    column, found, listed = text.partition("=")
    allowed = (*(known.name for known in snapshots.columns if known.type == "string"), STATUS)
    if not found or column.strip() not in allowed:
        raise SegmentError(
            f"segment {text!r} is neither '{ALL}' nor column=value,value with a column of {', '.join(allowed)}"
        )
    segment = Segment(column.strip(), tuple(sorted(set(_values(listed, text)))))
    if segment.column == STATUS:
        _refuse_unknown_statuses(segment)
    return segment


def _values(listed: str, text: str) -> list[str]:
    if not listed.isprintable():
        raise SegmentError(f"segment {text!r} holds control characters")
    values, at, is_open = [], 0, True
    while is_open:
        found = _VALUE.match(listed, at)
        if found is None:
            raise SegmentError(
                f"segment {text!r} cannot be read from {listed[at:]!r} on: separate values by one comma, put a value "
                'that holds a comma or a quote in double quotes and write "" for a quote in it'
            )
        values.append(found[2] if found[1] is None else found[1].replace('""', '"'))
        at, is_open = found.end(), found[0].endswith(",")
    return values


def _refuse_unknown_statuses(segment: Segment) -> None:
    from jobs.forecasting.status import STATUSES

    unknown = [value for value in segment.values if value not in STATUSES]
    if unknown:
        raise SegmentError(f"segment {segment}: there is no status {', '.join(unknown)}, only {', '.join(STATUSES)}")


def _quoted(value: str) -> str:
    is_plain = not set(value) & {'"', ","} and value == value.strip()
    return value if is_plain else '"' + value.replace('"', '""') + '"'
