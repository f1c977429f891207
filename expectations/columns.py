"""The columns of a stage's tables, one row each, with the facts of the Parquet footers."""

from __future__ import annotations

from great_expectations import ExpectationSuite

from expectations.rules import holds, named_suite

KEYS = ("table", "column", "declared_type", "stored_type")


def suite(stage: str) -> ExpectationSuite:
    """Rules for the frame of columns that `jobs.quality.parquet_facts` returns."""
    rules = [
        holds(
            "stored_as_declared",
            "stored_type == declared_type",
            says="every declared column is stored, in the declared type",
            because="A missing column reads as null, and a column of another type cannot be read",
        ),
        holds(
            "no_null_where_required",
            "not is_required or nulls == 0",
            says="columns that must have a value have one in every row",
            because="Sums and counts without activity are zero, not null; the model would learn null as 'unknown'",
        ),
        holds(
            "finite",
            "is_finite",
            says="no number is NaN or infinite",
            because="A single NaN or infinity makes every sum and mean of the column unusable",
        ),
        holds(
            "not_newly_constant",
            "not is_constant or was_constant or is_volatile",
            says="no column is constant that had several values in the previous period",
            because="A column that is no longer filled upstream still looks complete",
            severity="warning",
        ),
    ]
    return named_suite(f"{stage}_columns", f"columns of the tables of stage {stage}", rules)
