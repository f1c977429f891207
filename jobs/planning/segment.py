"""A segment: the customers whose text column, or status, has one of the given values: `city=Paris,"Lyon, 3e"`.

Values are separated by commas and quoted as in CSV: a value with a comma, a double quote, or a leading or trailing
space is put in double quotes, and a double quote in it is doubled. Values are only compared, never part of
a SQL statement.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from jobs.core.refusal import RefusedError
from jobs.lake.tables import Table

ALL = "all"
"""The segment of a standard run: every known customer."""
STATUS = "status"
"""The one column that is part of the forecast, not of the snapshot."""

_VALUE = re.compile(r'\s*(?:"((?:[^"]|"")+)"|([^",]*[^",\s]))\s*(?:,|$)')


class SegmentError(RefusedError):
    """A text is not a valid segment."""


@dataclass(frozen=True)
class Segment:
    """The customers whose `column` has one of `values`, which are sorted and distinct."""

    column: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        """The text that `parse` turns into this segment; equal segments have equal texts."""
        return f"{self.column}={','.join(map(_quoted, self.values))}"


def parse(text: str, snapshots: Table) -> Segment | None:
    """The segment a text names; None for `all`.

    Args:
        text: `all`, `column=value` or `column=value,value`.
        snapshots: the features table, whose text columns are allowed beside `status`.

    Raises:
        SegmentError: there is no such column or status, or the values cannot be parsed.
    """
    if text.strip() == ALL:
        return None
    column, separator, listed = text.partition("=")
    allowed = (*(known.name for known in snapshots.columns if known.type == "string"), STATUS)
    if not separator or column.strip() not in allowed:
        raise SegmentError(
            f"segment {text!r} is neither '{ALL}' nor column=value,value with a column of {', '.join(allowed)}"
        )
    segment = Segment(column.strip(), tuple(sorted(set(_values(listed, text)))))
    if segment.column == STATUS:
        _refuse_unknown_statuses(segment)
    return segment


def _values(listed: str, text: str) -> list[str]:
    if not listed.isprintable():
        raise SegmentError(f"segment {text!r} contains control characters")
    values, at, is_open = [], 0, True
    while is_open:
        match = _VALUE.match(listed, at)
        if match is None:
            raise SegmentError(
                f"segment {text!r} cannot be parsed from {listed[at:]!r} on: separate values with one comma, put a "
                "value with a comma or a double quote in double quotes, and double each double quote in it"
            )
        values.append(match[2] if match[1] is None else match[1].replace('""', '"'))
        at, is_open = match.end(), match[0].endswith(",")
    return values


def _refuse_unknown_statuses(segment: Segment) -> None:
    from jobs.forecasting.status import STATUSES

    unknown = [value for value in segment.values if value not in STATUSES]
    if unknown:
        raise SegmentError(
            f"segment {segment}: unknown status {', '.join(unknown)}; the statuses are {', '.join(STATUSES)}"
        )


def _quoted(value: str) -> str:
    is_plain = not set(value) & {'"', ","} and value == value.strip()
    return value if is_plain else '"' + value.replace('"', '""') + '"'
