"""How rows that are kept as they were delivered tell whose they are."""

from __future__ import annotations

import json
import re
from collections.abc import Collection

from jobs.cleaning.row_values import identifier
from jobs.landing.without import Left
from jobs.sources.mapping import Source


class Marks:
    """The ids of customers as a shop delivers them.

    Args:
        customers: their ids, as the lake has them.
        source: the mapping.
    """

    def __init__(self, customers: Collection[str], source: Source) -> None:
        self._customers, self._source = frozenset(customers), source
        self._in_text = re.compile("|".join(rf"(?<!\w){re.escape(id_)}(?!\w)" for id_ in sorted(customers)))

    def is_theirs(self, id_as_delivered: str | None) -> bool:
        """Whether a delivered id is one of theirs."""
        return identifier(id_as_delivered, self._source) in self._customers

    def are_in(self, text: str) -> bool:
        """Whether a text holds one of the ids as a word."""
        return self._in_text.search(text) is not None

    def are_in_row(self, raw: str, column: str) -> bool:
        """Whether a rejected row, as a JSON object, is one of theirs; `column` holds the id.

        A row without that column was read with an earlier mapping: any of its values may be the id.
        """
        row = json.loads(raw)
        if "malformed_line" in row:
            return self.are_in(row["malformed_line"])
        return any(map(self.is_theirs, [row[column]] if column in row else filter(_is_text, row.values())))

    def left_out(self, column: str) -> Left:
        """How they are left out of a delivered list whose `column` holds the id."""
        return Left(self._source, column, self.is_theirs, self.are_in)


def _is_text(value: object) -> bool:
    return isinstance(value, str)
