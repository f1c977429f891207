"""Customers who were erased: known by a hash alone, and their rows refused without being kept."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from sqlalchemy import Engine

from jobs.cleaning.quarantine import REJECTED_FOR
from jobs.core.postgres import fetch

RAW = '{"erased": true}'
"""What is kept of a row of theirs."""

REASON = "erased"


@dataclass(frozen=True)
class Erased:
    """Who was erased.

    Attributes:
        salt: what is put before a customer_id to hash it.
        hashes: SHA-256 of each customer, in hexadecimal.
    """

    salt: str
    hashes: Collection[str]

    @classmethod
    def of(cls, database: Engine) -> Erased:
        """Those of whom the database knows."""
        [row] = fetch(database, "erased_customers")
        return cls(row["salt"], row["hashes"])

    def refused(self, flagged: DataFrame) -> DataFrame:
        """Flagged rows, of which those of erased customers have one reason, and nothing of what was delivered."""
        if not self.hashes or "customer_id" not in flagged.columns:
            return flagged
        is_erased = F.sha2(F.concat(F.lit(self.salt), "customer_id"), 256).isin(*self.hashes)
        instead = {REJECTED_FOR: F.array(F.lit(REASON)), "raw": F.lit(RAW)}
        return flagged.withColumns(
            {name: F.when(is_erased, value).otherwise(F.col(name)) for name, value in instead.items()}
        )


NOBODY = Erased("", ())
