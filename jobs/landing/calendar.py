"""The months that a table's files contain, which of them are closed, and a fingerprint of each month's rows.

A file that grows by a month must not make its earlier months look changed. So the fingerprint of a month is the sum of
the hashes of its rows, which depends neither on their order nor on the file that holds them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from jobs.core.month import CLOSING_DAYS, Month
from jobs.landing.contents import NO_MONTH, Rows, contents
from jobs.landing.file_checks import LandingError
from jobs.sources.mapping import Source, TableColumns

STRAY_GAP_MONTHS = 24
STRAY_SHARE = 0.001
"""Rows beyond a gap this long that make up at most this share of all rows are typing errors (1901, 2099)."""


@dataclass(frozen=True)
class Calendar:
    """The months and rows of a table's files.

    Attributes:
        first: the first month with rows.
        last: the last month with rows. Rows whose time is outside first to last are filed under `first`.
        contents: file → month → its rows.
        undated: the rows that are filed under `first` although their time is not in that month.
    """

    first: Month
    last: Month
    contents: Mapping[Path, Mapping[Month, Rows]]
    undated: Rows

    @property
    def months(self) -> list[Month]:
        """The months that hold rows, oldest first."""
        return sorted({month for months in self.contents.values() for month in months})

    @property
    def last_closed(self) -> Month:
        """The newest month that rows of at least CLOSING_DAYS later days follow; before `first` if none is closed."""
        later_days = 0
        for month in reversed(self.months):
            later_days += self._total(month).days.bit_count()
            if later_days >= CLOSING_DAYS:
                return month.plus(-1)
        return self.first.plus(-1)

    def files_of(self, months: Sequence[Month]) -> list[Path]:
        """The files that hold rows of these months."""
        return [path for path, held in self.contents.items() if not held.keys().isdisjoint(months)]

    def fingerprint(self, month: Month) -> str:
        """Rows and hash of all rows filed under a month, over all files."""
        return str(self._total(month))

    def dated_fingerprint(self, month: Month) -> str:
        """Rows and hash of the rows whose time is in the month, which rows without a time cannot change."""
        total = self._total(month)
        if month != self.first:
            return str(total)
        return str(total.without(self.undated))

    def _total(self, month: Month) -> Rows:
        return sum((months[month] for months in self.contents.values() if month in months), Rows())


def calendar(files: Sequence[Path], source: Source, columns: TableColumns, cache: Path) -> Calendar:
    """Read which months the files contain; raises LandingError if not a single time can be read."""
    read = {path: contents(path, source, columns, cache) for path in files}
    rows: Counter[Month] = Counter()
    for months in read.values():
        rows.update({Month.parse(text): held.count for text, held in months.items() if text != NO_MONTH})
    if not rows:
        raise LandingError(_no_times(files, source, columns))
    first, last = _span(rows)
    filed = {path: _filed(months, first, last) for path, months in read.items()}
    strays = [held for months in read.values() for text, held in months.items() if _is_stray(text, first, last)]
    return Calendar(first, last, filed, sum(strays, Rows()))


def _span(rows: Counter[Month]) -> tuple[Month, Month]:
    """First and last month that are not strays."""
    months = sorted(rows)
    limit = STRAY_SHARE * rows.total()
    first, last = 0, len(months) - 1
    for i in range(1, len(months)):
        if months[i - 1].months_until(months[i]) > STRAY_GAP_MONTHS:
            before = sum(rows[month] for month in months[:i])
            if before <= limit:
                first = i
            elif rows.total() - before <= limit:
                last = min(last, i - 1)
    return months[first], months[last]


def _filed(months: Mapping[str, Rows], first: Month, last: Month) -> dict[Month, Rows]:
    filed: defaultdict[Month, Rows] = defaultdict(Rows)
    for text, held in months.items():
        if _is_stray(text, first, last):
            filed[first] += replace(held, days=0)
        else:
            filed[Month.parse(text)] += held
    return dict(filed)


def _is_stray(text: str, first: Month, last: Month) -> bool:
    return text == NO_MONTH or not first <= Month.parse(text) <= last


def _no_times(files: Sequence[Path], source: Source, columns: TableColumns) -> str:
    formats = ", ".join(("ISO 8601", *source.time_formats))
    return (
        f"{', '.join(str(path) for path in files)}: no row has a time in column "
        f"{getattr(columns, columns.time or '')!r} that can be read as {formats}. Set `time_formats` in the mapping of "
        f"{source.name!r} to the format of the file"
    )
