"""The product list as delivered with the data month."""

from __future__ import annotations

from great_expectations import ExpectationSuite

from expectations.delivery import few_rejected, not_empty, size_of_list, tidy
from expectations.rules import filled, named_suite, unique

KEYS = ("product_id",)


def suite() -> ExpectationSuite:
    """Rules for the products."""
    rules = [
        unique("product_id", because="A duplicate product would double the order lines it is joined to"),
        filled("product_id", because="It is the key"),
        tidy("product_id"),
        filled("department", because="The list is only used to look up departments"),
    ]
    return named_suite("products", "products as delivered with the data month", rules)


def totals_suite(*, rows_before: int | None) -> ExpectationSuite:
    """Rules for the list as a whole; `rows_before` is the size of the last earlier delivery, if there is one."""
    rules = [not_empty(), few_rejected("critical"), few_rejected("warning")]
    if rows_before:
        rules += [size_of_list(rows_before, "critical"), size_of_list(rows_before, "warning")]
    return named_suite("products_totals", "the product list as a whole", rules)
