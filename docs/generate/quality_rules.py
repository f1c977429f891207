"""Every validation rule as one page: `python -m docs.generate.quality_rules --write` (or `--check`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from great_expectations import ExpectationSuite

from docs.generate.page import DOCS, rendered, write_or_check
from expectations import (
    columns,
    customers,
    daily,
    delivery,
    features,
    first_month,
    forecasts,
    products,
    sessions,
    transactions,
)
from expectations.volume import RECENT_MONTHS, YOUNG, reference_months
from jobs.core.month import Month

_AS_OF = date(2011, 12, 1)
_FIGURES = {"rows": 30_000.0, "customers": 1_000.0, "order_days": 25.0, "net_value": 500_000.0}

PAGE = DOCS / "quality_rules.md"


def page() -> str:
    """The page, in Markdown."""
    young, warning = YOUNG["count"]["critical"], YOUNG["count"]["warning"]
    return rendered(
        "quality_rules",
        young=f"{young.low:g} to {young.high:g}",
        young_warning=f"{warning.low:g} to {warning.high:g}",
        recent=RECENT_MONTHS,
        suites=_suites(),
        rows=_rows,
    )


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
        first_month.suite(_AS_OF),
        first_month.totals_suite(completed=1),
    ]


def _rows(suite: ExpectationSuite) -> Iterator[tuple[str, ...]]:
    for rule in suite.expectations:
        meta = rule.meta or {}
        yield f"`{meta['rule']}`", rule.severity.value, meta["says"], str(rule.notes)


def main(argv: Sequence[str] | None = None) -> None:
    """Write the page, or exit with 1 if the committed one is out of date."""
    write_or_check("docs.generate.quality_rules", PAGE, page, argv)


if __name__ == "__main__":
    main()
