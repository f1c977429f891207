"""Rules that apply to every delivered table."""

from __future__ import annotations

from great_expectations import ExpectationSuite

from expectations.rules import Rule, Severity, holds, named_suite, total
from jobs.core.month import Month

LISTED_SHARE = 0.95

PLACEHOLDERS = ("null", "none", "nil", "nan", "na", "n/a", "#n/a", "nat", "undefined", "-")
"""What exports write for a missing value."""

REJECTED_SHARE: dict[Severity, float] = {"critical": 0.8, "warning": 0.5}
REJECTED_SHARE_RISE = 0.1
REASON_KEYS = ("table", "reason", "rows", "share", "rise")

SILENT_DAYS: dict[Severity, int] = {"critical": 10, "warning": 3}
"""A shop that closes on Christmas Eve has eight days without orders at the end of December."""
PAUSES: dict[Severity, int] = {"critical": 2, "warning": 1}
"""Multiples of the shop's longest pause that are allowed instead, if that is longer."""

LIST_SHRINKS_TO: dict[Severity, float] = {"critical": 0.5, "warning": 0.95}
LIST_GROWS_TO: dict[Severity, float] = {"critical": 10.0, "warning": 2.0}


def in_month(column: str, month: Month) -> Rule:
    """A time lies in the data month."""
    first, after = f"TIMESTAMP'{month.first_day}'", f"TIMESTAMP'{month.as_of}'"
    return holds(
        f"{column}_in_month",
        f"{column} >= {first} AND {column} < {after}",
        says=f"{column} lies in the data month",
        because="A row from after the month would leak the future into the features",
    )


def tidy(column: str) -> Rule:
    """A key has no white space around it."""
    return holds(
        f"{column}_tidy",
        f"{column} rlike r'(?U)^\\S(.*\\S)?$'",
        says=f"{column} has no white space around it",
        because="Ids are used as delivered, so one key in two spellings counts as two",
        severity="warning",
    )


def no_placeholder(column: str) -> Rule:
    """A key is not a placeholder for a missing value."""
    return holds(
        f"{column}_not_a_placeholder",
        f"lower({column}) NOT IN {PLACEHOLDERS!r}",
        says=f"{column} is none of {', '.join(PLACEHOLDERS)} (case-insensitive)",
        because="If an export writes a placeholder for unknown customers, they all become one customer",
        severity="warning",
    )


def listed(column: str, table: str) -> Rule:
    """Nearly every key of the rows is a row of another table delivered with the month."""
    return holds(
        f"{column}_listed",
        f"{column} IS NULL OR {column} IN (SELECT {column} FROM {{{table}}})",  # noqa: S608
        says=f"{column} is in {table} in at least {LISTED_SHARE:.0%} of the rows",
        because=f"Rows without a match get no attributes from {table}; many of them mean that the two do not match",
        severity="warning",
        mostly=LISTED_SHARE,
    )


def not_empty() -> Rule:
    """There is at least one row."""
    return total(
        "not_empty",
        "rows",
        low=1,
        says="there is at least one row",
        because="An empty delivery is a failed delivery; the model would learn it as a month without activity",
        severity="critical",
    )


def reaches_the_end(usual_gap_days: int, severity: Severity) -> Rule:
    """The newest row is near the end of the month, given the shop's usual pauses."""
    days, pauses = SILENT_DAYS[severity], PAUSES[severity]
    return total(
        f"ends_{'far_' if severity == 'critical' else ''}too_early",
        "silent_days_at_end",
        high=max(days, pauses * usual_gap_days),
        says=f"at most {days} days without rows at the month's end, or {pauses} x the longest recent pause",
        because="A month that ends early was delivered incompletely",
        severity=severity,
    )


def few_rejected(severity: Severity) -> Rule:
    """The share of rejected rows is below the limit."""
    share = REJECTED_SHARE[severity]
    return total(
        f"{'far_' if severity == 'critical' else ''}too_many_rejected",
        "rejected_share",
        high=share,
        says=f"at most {share:.0%} of the delivered rows were rejected",
        because="If most rows are rejected, the mapping or the file is wrong and the clean rows are not representative",
        severity=severity,
    )


def size_of_list(rows_before: int, severity: Severity) -> Rule:
    """A list that is delivered in full every month neither shrinks nor grows suddenly."""
    low, high = LIST_SHRINKS_TO[severity], LIST_GROWS_TO[severity]
    return total(
        f"rows_{'far_' if severity == 'critical' else ''}off_last_delivery",
        "rows",
        low=int(low * rows_before),
        high=int(high * rows_before),
        says=f"{low} to {high:g} times the rows of the previous delivery",
        because="The list is delivered in full: if it shrank, it was truncated; if it jumped, it has other content",
        severity=severity,
    )


def reasons_suite() -> ExpectationSuite:
    """Rules for the reasons for rejection, one row per table and reason."""
    rules = [
        holds(
            "rejected_no_more_often_than_before",
            f"rise <= {REJECTED_SHARE_RISE}",
            says=f"no reason's share of the delivered rows rose by more than {100 * REJECTED_SHARE_RISE:g} points",
            because="A reason that rejects many more rows than in each of the three previous months means that the "
            "delivery changed, even if enough rows are left",
            severity="warning",
        )
    ]
    return named_suite("rejected_reasons", "reasons for which rows of the data month were rejected", rules)
