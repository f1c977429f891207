"""Customers who were erased: known by a hash alone, and their rows refused without being kept."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.cleaning.quarantine import REJECTED_FOR
from jobs.cleaning.row_values import identifier
from jobs.landing.without import Left
from jobs.sources.mapping import Source

RAW = '{"erased": true}'
"""What is kept of a row of theirs."""

REASON = "erased"

_AROUND_FIELDS = r'["\r\n]'


@dataclass(frozen=True)
class Erased:
    """Who was erased.

    Attributes:
        salt: what is put before a customer_id to hash it.
        hashes: SHA-256 of each customer, in hexadecimal.
    """

    salt: str
    hashes: Collection[str]

    def holds(self, customer_id: str | None) -> bool:
        """Whether a customer was erased."""
        if customer_id is None or not self.hashes:
            return False
        return hashlib.sha256(f"{self.salt}{customer_id}".encode("utf-8", "surrogatepass")).hexdigest() in self.hashes

    def left_out(self, source: Source, column: str) -> Left | None:
        """How they are left out of a list; None if there is nobody."""
        if not self.hashes:
            return None

        def is_theirs(id_: str | None) -> bool:
            return self.holds(identifier(id_, source))

        def are_in(line: str) -> bool:
            return any(map(is_theirs, re.sub(_AROUND_FIELDS, "", line).split(source.delimiter)))

        return Left(source, column, is_theirs, are_in)

    def refused(self, flagged: DataFrame, source: Source) -> DataFrame:
        """Flagged rows, of which those of erased customers have one reason, and nothing of what was delivered."""
        if not self.hashes or "customer_id" not in flagged.columns:
            return flagged
        line = F.get_json_object("raw", "$.malformed_line")
        fields = F.split(F.regexp_replace(line, _AROUND_FIELDS, ""), re.escape(source.delimiter))
        is_erased = F.coalesce(self._is_erased(F.col("customer_id")), F.exists(fields, self._is_erased), F.lit(False))
        instead = {REJECTED_FOR: F.array(F.lit(REASON)), "raw": F.lit(RAW)}
        return flagged.withColumns(
            {name: F.when(is_erased, value).otherwise(F.col(name)) for name, value in instead.items()}
        )

    def _is_erased(self, customer_id: Column) -> Column:
        return F.sha2(F.concat(F.lit(self.salt), customer_id), 256).isin(*self.hashes)


NOBODY = Erased("", frozenset())
