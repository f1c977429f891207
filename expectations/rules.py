"""Constructors of rules: each returns one expectation with its description, its reason and its severity.

`meta` holds the rule's name (`rule`) and description (`says`), the allowed values as text (`allowed`) and, for rules
about rows, how to select those that break it: a Spark SQL predicate (`broken_by`) or query (`found_by`), in which names
in braces stand for tables and `{rows}` for the rows under test.
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
    """A suite with a description of what its rules are about."""
    return ExpectationSuite(name=name, expectations=list(rules), meta={"about": what})


def filled(column: str, *, because: str, severity: Severity = "critical") -> Rule:
    """The column is never null."""
    return ExpectColumnValuesToNotBeNull(
        column=column,
        **_texts(f"{column}_filled", f"{column} is never null", because, severity, broken_by=f"{column} IS NULL"),
    )


def unique(*columns: str, because: str, severity: Severity = "critical") -> Rule:
    """No two rows are equal in the columns."""
    listed = ", ".join(columns)
    repeated = f"({listed}) IN (SELECT {listed} FROM {{rows}} GROUP BY {listed} HAVING count(*) > 1)"  # noqa: S608
    texts = _texts(f"{'_'.join(columns)}_unique", f"{listed}: unique", because, severity, broken_by=repeated)
    if len(columns) == 1:
        return ExpectColumnValuesToBeUnique(column=columns[0], **texts)
    return ExpectCompoundColumnsToBeUnique(column_list=list(columns), **texts)


def one_of(column: str, values: Collection[str], *, because: str, severity: Severity = "critical") -> Rule:
    """Every value is in the list; null passes."""
    listed = ", ".join(f"'{value}'" for value in values)
    return ExpectColumnValuesToBeInSet(
        column=column,
        value_set=list(values),
        **_texts(
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
        **_texts(
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

    `allowed` describes the limits, if more needs to be said than the numbers.
    """
    return ExpectColumnMaxToBeBetween(
        column=column,
        min_value=low,
        max_value=high,
        **_texts(name, says, because, severity, allowed=allowed or limits_as_text(low, high)),
    )


def none_found(name: str, query: str, *, says: str, because: str, severity: Severity = "critical") -> Rule:
    """A Spark SQL query over stored tables finds no row. Their number is evaluated as a figure with the rule's name."""
    return ExpectColumnMaxToBeBetween(
        column=name,
        max_value=0,
        **_texts(name, says, because, severity, found_by=query),
    )


def limits_as_text(low: float | None, high: float | None) -> str:
    """Limits as text, such as `at most 3`."""
    if low is not None and high is not None:
        return figure(low) if low == high else f"{figure(low)} to {figure(high)}"
    return f"at least {figure(low)}" if low is not None else f"at most {figure(high)}"


def figure(value: object) -> str:
    """A number as text: integers and values from 1,000 with thousands separators, others with four digits."""
    if isinstance(value, int | float) and math.isfinite(value):
        return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.4g}"
    return str(value)


def _texts(
    name: str, says: str, because: str, severity: Severity, *, allowed: str = "no row", **meta: str
) -> Mapping[str, Any]:
    """The arguments common to all expectations. Data Docs show `description` instead of the text generated by GX."""
    return {
        "description": f"{name} ({severity}): {says}. Allowed: {allowed}. {because}.",
        "notes": because,
        "severity": severity,
        "meta": {"rule": name, "says": says, "allowed": allowed, **meta},
    }
