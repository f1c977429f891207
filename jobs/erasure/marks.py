"""How rows that are kept as they were delivered tell whose they are."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Collection

from jobs.cleaning.row_values import identifier
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

    def are_in(self, text: str | None) -> bool:
        """Whether a text names one of them."""
        return text is not None and self._in_text.search(text) is not None

    def are_in_line(self, line: str) -> bool:
        """Whether a field of a malformed CSV line is one of theirs."""
        return any(self.is_theirs(field) for fields in self.fields_of(line) for field in fields)

    def fields_of(self, line: str) -> list[list[str]]:
        """The records of a CSV text."""
        return list(csv.reader(line.splitlines(keepends=True), delimiter=self._source.delimiter))

    def are_in_row(self, raw: str | None, column: str) -> bool:
        """Whether a rejected row, as a JSON object, is one of theirs; `column` holds the id."""
        row = {} if raw is None else json.loads(raw)
        if "malformed_line" in row:
            return self.are_in_line(row["malformed_line"])
        return self.is_theirs(row.get(column))
