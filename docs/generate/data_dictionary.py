"""Every table and column of the lake as one page: `python -m docs.generate.data_dictionary --write` (or `--check`)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from docs.generate.page import write_or_check
from jobs.features.table import FeatureColumn, feature_columns
from jobs.forecasting.reason_codes import TEXTS
from jobs.lake.tables import (
    CUSTOMERS,
    DAILY,
    FORECASTS,
    PRODUCTS,
    REJECTED_COLUMNS,
    SESSIONS,
    SPECIAL_FORECASTS,
    SPECIAL_TOTALS,
    TRANSACTIONS,
    Column,
    Table,
)

PAGE = Path(__file__).parents[1] / "data_dictionary.md"

_ANY_DEPARTMENT = "department"
_HEAD = """# Data dictionary

Generated from `jobs/lake/tables.py` and `jobs/features/table.py` by `python -m docs.generate.data_dictionary --write`;
a test compares the two. Where a table lies: `<lake>/<table>/<period>=…/`.

Money is in the shop's currency, as DECIMAL. Days and times are the shop's own wall clock. What Postgres serves is
described there: `\\d+ clv.forecast`. Runs on a margin have all of these tables once more below
`<lake>/<value basis>/`, with margins for values.
"""
_FEATURES = """## features

A row is a customer known at as_of: one with a transaction before it, or on the customer list as signed up before it.
One folder per `as_of`. Everything is made from what happened before `as_of`.

Names carry window and unit: `_30d` is the 30 days before `as_of`, `_month_lag_01` the calendar month before it (the
data month), `_lifetime` everything before it. `<department>` stands for each department that the source declares.

What the roles mean: `key` names the customer; `state` is what the next snapshot continues from; an `attribute` is known
of the customer; the model reads none of these. `feature` and `category` are the model's numbers and texts; `history` is
both a number for the model and the label of earlier snapshots. Columns of type bigint and decimal are exact, and the
next snapshot continues from them too.
"""
_REASONS = """### reasons

`reason_1` to `reason_3` name what moves `clv_12m` most, against the typical buyer: the strongest first, nothing that
moves it by less than a hundredth. Each of these stands behind `higher: ` or `lower: `. Where both columns say the same,
the theme may do either. Who has no reason at all has `typical customer` for the first.
"""


def page() -> str:
    """The page, in Markdown."""
    tables = (TRANSACTIONS, CUSTOMERS, SESSIONS, PRODUCTS)
    rejected = Table("rejected/<table>", "a delivered row that was refused", "month", REJECTED_COLUMNS)
    sections = [_section(table) for table in (*tables, rejected, DAILY)]
    made = [_section(FORECASTS), _reason_section(), _section(SPECIAL_FORECASTS), _section(SPECIAL_TOTALS)]
    return "\n".join([_HEAD, *sections, _feature_section(), *made])


def _section(table: Table) -> str:
    head = f"## {table.name}\n\nA row is {table.grain}. One folder per `{table.period_key}`.\n"
    return "\n".join([head, "| column | type | meaning |", "|---|---|---|", *map(_line, table.columns), ""])


def _line(column: Column) -> str:
    return f"| `{column.name}` | {column.type} | {column.comment} |"


def _feature_section() -> str:
    lines = [_FEATURES]
    columns = feature_columns((_ANY_DEPARTMENT,))
    for theme, members in groupby(sorted(columns, key=lambda column: column.theme), key=lambda column: column.theme):
        lines += [f"### {theme}", "", "| column | type | role | meaning |", "|---|---|---|---|"]
        lines += [*map(_feature_line, members), ""]
    return "\n".join(lines)


def _feature_line(column: FeatureColumn) -> str:
    name = column.name.replace(f"_{_ANY_DEPARTMENT}_", "_<department>_")
    comment = column.comment.replace(f"department '{_ANY_DEPARTMENT}'", "the department")
    return f"| `{name}` | {column.type} | {column.role} | {comment} |"


def _reason_section() -> str:
    lines = [f"| {theme} | {higher} | {lower} |" for theme, (higher, lower) in TEXTS.items()]
    return "\n".join([_REASONS, "| theme | higher | lower |", "|---|---|---|", *lines, ""])


def main(argv: Sequence[str] | None = None) -> None:
    """Write the page, or exit with 1 where the committed one is not what would be written."""
    write_or_check("docs.generate.data_dictionary", PAGE, page, argv)


if __name__ == "__main__":
    main()
