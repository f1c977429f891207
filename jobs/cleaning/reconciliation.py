"""Count the delivered rows of a table in one pass: clean rows, rejected rows and the reasons for rejection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from jobs.cleaning.quarantine import REJECTED_FOR
from jobs.landing.file_checks import LandingError

_UNREADABLE = "unreadable_"


@dataclass(frozen=True, kw_only=True)
class Reconciliation:
    """The delivered rows, divided into clean and rejected rows.

    Attributes:
        in_files: rows in the files that were read.
        read: rows of the requested months; the others are ingested with their own month.
        clean: rows in the clean table.
        rejected: rows in the rejected table.
        reasons: reason → rejected rows; a row counts under each of its reasons.
        clean_value: net value of the clean rows; 0 for tables without values.
        rejected_value: net value of the rejected rows that have a readable one.
    """

    in_files: int
    read: int
    clean: int
    rejected: int
    reasons: Mapping[str, int]
    clean_value: Decimal
    rejected_value: Decimal

    @classmethod
    def of(cls, tally: Sequence[Row], *, in_files: int, read: int) -> Reconciliation:
        """Sum the counts that `tally` returns for each combination of reasons."""
        rows, values = Counter[bool](), Counter[bool]()
        reasons = Counter[str]()
        for combination in tally:
            is_clean = not combination[REJECTED_FOR]
            rows[is_clean] += combination["rows"]
            values[is_clean] += combination["value"] or 0
            reasons.update(dict.fromkeys(combination[REJECTED_FOR], combination["rows"]))
        return cls(
            in_files=in_files,
            read=read,
            clean=rows[True],
            rejected=rows[False],
            reasons=reasons,
            clean_value=Decimal(values[True]),
            rejected_value=Decimal(values[False]),
        )

    def lines(self, table: str) -> list[str]:
        """The reconciliation as lines of a log, the most frequent reason first."""
        return [
            f"{table}: {self.in_files} rows in the files, {self.in_files - self.read} of other months, "
            f"{self.read} read = {self.clean} clean (value {self.clean_value}) + "
            f"{self.rejected} rejected (value {self.rejected_value})",
            *(
                f"{table} rejected for {reason}: {rows} rows"
                for reason, rows in sorted(self.reasons.items(), key=lambda entry: (-entry[1], entry[0]))
            ),
        ]


def tally(flagged: DataFrame) -> list[Row]:
    """Rows and net value of each combination of reasons."""
    value = F.col("net_value") if "net_value" in flagged.columns else F.lit(0)
    return flagged.groupBy(REJECTED_FOR).agg(F.count(F.lit(1)).alias("rows"), F.sum(value).alias("value")).collect()


def refuse_unreadable(flagged: DataFrame, table: str, reconciliation: Reconciliation) -> None:
    """Raise LandingError if every row is rejected for the same column: the mapping is wrong, not the rows."""
    for reason, rows in reconciliation.reasons.items():
        if reason.startswith(_UNREADABLE) and rows == reconciliation.read:
            file = flagged.agg(F.min("source_file")).collect()[0][0]
            raise LandingError(
                f"{table}: all {rows} rows are rejected for {reason}, so the mapping does not fit the files; "
                f"see that column in {file}"
            )
