"""The columns of a stage's tables, one row each: what the Parquet footers say of them."""

from __future__ import annotations

from great_expectations import ExpectationSuite

from expectations.rules import holds, named_suite

KEYS = ("table", "column", "declared_type", "stored_type")


def suite(stage: str) -> ExpectationSuite:
    """Rules for columns: of the frame that `jobs.quality.parquet_facts` makes."""
    rules = [
        holds(
            "stored_as_declared",
            "stored_type == declared_type",
            says="every declared column is stored, in the declared type",
            because="A column that is missing reads as null, and one of another type not at all",
        ),
        holds(
            "no_null_where_required",
            "not is_required or nulls == 0",
            says="columns that must have a value have one in every row",
            because="Sums and counts are zero, not null, where nothing happened; null would train as 'unknown'",
        ),
        holds(
            "finite",
            "is_finite",
            says="no number is NaN or infinite",
            because="One of them spoils every sum and mean that it enters",
        ),
        holds(
            "not_newly_constant",
            "not is_constant or was_constant or is_volatile",
            says="no column holds one value alone that held several in the period before",
            because="A column that died upstream still looks complete",
            severity="warning",
        ),
    ]
    return named_suite(f"{stage}_columns", f"columns of the tables of stage {stage}", rules)
