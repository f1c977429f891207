"""All rules as one page for people: `python -m docs.generate.quality_rules > docs/quality_rules.md`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date

from great_expectations import ExpectationSuite

from expectations import (
    columns,
    customers,
    daily,
    delivery,
    features,
    forecasts,
    products,
    sessions,
    special_forecasts,
    transactions,
)
from expectations.volume import RECENT_MONTHS, YOUNG, reference_months
from jobs.core.month import Month

_AS_OF = date(2011, 12, 1)
_FIGURES = {"rows": 30_000.0, "customers": 1_000.0, "order_days": 25.0, "net_value": 500_000.0}

_HEAD = """# Quality rules

Generated from `expectations/` by `python -m docs.generate.quality_rules > docs/quality_rules.md`; a test
compares the two.

A **critical** rule that fails stops the run before anything is made from the data; a **warning** is reported and the
run goes on. A rule that cannot be evaluated counts as critical. Tables that were not delivered are not validated. Rules
on the sign of a line's or a day's value do not apply to margins.

Limits that depend on earlier months are shown as multiples. What earlier months lead to expect is the same month a year
earlier times the growth since then; in a shop's first year, the median of the three months before. In that first
year the multiples are {young} (critical) and {young_warning} (warning) for counts; with fewer than {recent} earlier
months there are only warnings, and in a shop's first month no such rule at all. Small counts may stray by three times
their square root besides.
"""


def quality_rules() -> str:
    """The page, in Markdown."""
    young, warning = YOUNG["count"]["critical"], YOUNG["count"]["warning"]
    head = _HEAD.format(
        young=f"{young.low:g} to {young.high:g}",
        young_warning=f"{warning.low:g} to {warning.high:g}",
        recent=RECENT_MONTHS,
    )
    return "\n".join([head, *(_section(suite) for suite in _suites())])


def _suites() -> Sequence[ExpectationSuite]:
    """Every suite with every rule it can have: a shop with all tables and more than a year of history."""
    month = Month.before(_AS_OF)
    history = dict.fromkeys(reference_months(month), _FIGURES)
    return [
        columns.suite("any"),
        transactions.suite(month, customers=True, products=True),
        transactions.totals_suite(history, month, usual_gap_days=1),
        customers.suite(),
        customers.totals_suite(rows_before=1),
        sessions.suite(month, customers=True),
        sessions.totals_suite(history, month, usual_gap_days=1),
        products.suite(),
        products.totals_suite(rows_before=1),
        delivery.reasons_suite(),
        daily.suite(month),
        daily.totals_suite(),
        features.suite(_AS_OF),
        features.totals_suite(_AS_OF, customers=True, rows_before=1),
        forecasts.suite(),
        forecasts.totals_suite(known_customers=1, has_history=True, has_earlier_forecast=True),
        special_forecasts.suite(),
        special_forecasts.totals_suite(),
    ]


def _section(suite: ExpectationSuite) -> str:
    about = (suite.meta or {})["about"]
    lines = [f"## {suite.name}: {about}", "", "| rule | severity | it holds that | because |", "|---|---|---|---|"]
    for rule in suite.expectations:
        meta = rule.meta or {}
        lines.append(f"| `{meta['rule']}` | {rule.severity.value} | {meta['says']} | {rule.notes} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.stdout.write(quality_rules())
