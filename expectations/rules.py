"""The words the suites are written in: each makes one expectation with its sentence, its reason and its severity.

`meta` holds the rule's name (`rule`) and sentence (`says`), what it allows in words (`allowed`) and, where it is about
rows, how to find the ones that break it: a Spark SQL predicate (`broken_by`) or query (`found_by`), in which names in
braces stand for tables and `{rows}` for the rows under test.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

from great_expectations import ExpectationSuite
from great_expectations.expectations.core import (
    ExpectColumnMaxToBeBetween,
    ExpectColumnValuesToBeInSet,
    ExpectColumnValuesToBeUnique,
    ExpectColumnValuesToNotBeNull,
    ExpectCompoundColumnsToBeUnique,
)
from great_expectations.expectations.expectation import Expectation

Severity = Literal["critical", "warning"]

Rule = Expectation


def named_suite(name: str, what: str, rules: Sequence[Rule]) -> ExpectationSuite:
    """A suite, and in words what its rules are about."""
    return ExpectationSuite(name=name, expectations=list(rules), meta={"about": what})


def filled(column: str, *, because: str, severity: Severity = "critical") -> Rule:
    """No row lacks a value in the column."""
    return ExpectColumnValuesToNotBeNull(
        column=column,
        **_words(f"{column}_filled", f"{column} is never null", because, severity, broken_by=f"{column} IS NULL"),
    )


def unique(*columns: str, because: str, severity: Severity = "critical") -> Rule:
    """No two rows are equal in the columns."""
    listed = ", ".join(columns)
    repeated = f"({listed}) IN (SELECT {listed} FROM {{rows}} GROUP BY {listed} HAVING count(*) > 1)"  # noqa: S608
    words = _words(f"{'_'.join(columns)}_unique", f"{listed}: unique", because, severity, broken_by=repeated)
    if len(columns) == 1:
        return ExpectColumnValuesToBeUnique(column=columns[0], **words)
    return ExpectCompoundColumnsToBeUnique(column_list=list(columns), **words)


def one_of(column: str, values: Collection[str], *, because: str, severity: Severity = "critical") -> Rule:
    """Every value is in the list; null passes."""
    listed = ", ".join(f"'{value}'" for value in values)
    return ExpectColumnValuesToBeInSet(
        column=column,
        value_set=list(values),
        **_words(
            f"{column}_known",
            f"{column} is one of {', '.join(values)}",
            because,
            severity,
            broken_by=f"{column} NOT IN ({listed})",
        ),
    )


def holds(
    name: str, predicate: str, *, says: str, because: str, severity: Severity = "critical", mostly: float = 1.0
) -> Rule:
    """A predicate is not false in (most) rows. It is evaluated as a column with the rule's name.

    It is Spark SQL; for pandas frames, the part of it that `DataFrame.eval` reads the same way (`==`, `not`, `or`).
    """
    return ExpectColumnValuesToBeInSet(
        column=name,
        value_set=[True],
        mostly=mostly,
        **_words(
            name,
            says,
            because,
            severity,
            allowed="no row" if mostly == 1.0 else f"{1 - mostly:.0%} of the rows",
            predicate=predicate,
            broken_by=f"not ({predicate})",
        ),
    )


def total(
    name: str,
    column: str,
    *,
    low: float | None = None,
    high: float | None = None,
    says: str,
    because: str,
    severity: Severity,
    allowed: str | None = None,
) -> Rule:
    """A figure of a one-row frame lies within the limits, both included.

    `allowed` says the limits in words, where there is more to say than the limits themselves.
    """
    return ExpectColumnMaxToBeBetween(
        column=column,
        min_value=low,
        max_value=high,
        **_words(name, says, because, severity, allowed=allowed or in_words(low, high)),
    )


def none_found(name: str, query: str, *, says: str, because: str, severity: Severity = "critical") -> Rule:
    """A Spark SQL query over stored tables finds no row. Their number is evaluated as a figure with the rule's name."""
    return ExpectColumnMaxToBeBetween(
        column=name,
        max_value=0,
        **_words(name, says, because, severity, found_by=query),
    )


def in_words(low: float | None, high: float | None) -> str:
    """Limits as a reader says them."""
    if low is not None and high is not None:
        return figure(low) if low == high else f"{figure(low)} to {figure(high)}"
    return f"at least {figure(low)}" if low is not None else f"at most {figure(high)}"


def figure(value: object) -> str:
    """A figure in at most six digits, with thousands separated."""
    if isinstance(value, int | float) and math.isfinite(value):
        return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.4g}"
    return str(value)


def _words(
    name: str, says: str, because: str, severity: Severity, *, allowed: str = "no row", **meta: str
) -> Mapping[str, Any]:
    """What every expectation carries. Data Docs show the description in place of GX's own sentence."""
    return {
        "description": f"{name} ({severity}): {says}. Allowed: {allowed}. {because}.",
        "notes": because,
        "severity": severity,
        "meta": {"rule": name, "says": says, "allowed": allowed, **meta},
    }
