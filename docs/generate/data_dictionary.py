"""Every table and column of the lake as one page: `python -m docs.generate.data_dictionary --write` (or `--check`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from docs.generate.page import DOCS, rendered, write_or_check
from jobs.features.table import FeatureColumn, feature_columns
from jobs.forecasting.params import ModelParams
from jobs.forecasting.reason_codes import TEXTS
from jobs.lake.first_month_tables import FIRST_MONTH, FIRST_MONTH_ACCURACY
from jobs.lake.tables import (
    CUSTOMERS,
    DAILY,
    FORECASTS,
    PRODUCTS,
    REJECTED_COLUMNS,
    SESSIONS,
    TRANSACTIONS,
    Column,
    Table,
    delivered,
    validation,
)

PAGE = DOCS / "data_dictionary.md"

_ANY_DEPARTMENT = "department"


def page() -> str:
    """The page, in Markdown."""
    rejected = Table("rejected/<table>", "a delivered row that was rejected", "month", REJECTED_COLUMNS)
    columns = sorted(feature_columns((_ANY_DEPARTMENT,)), key=lambda column: column.theme)
    return rendered(
        "data_dictionary",
        delivered=(TRANSACTIONS, CUSTOMERS, SESSIONS, PRODUCTS, rejected, delivered("<list>"), DAILY),
        features=[
            (theme, [_feature_cells(column) for column in members])
            for theme, members in groupby(columns, key=lambda column: column.theme)
        ],
        forecasts=FORECASTS,
        params=ModelParams(),
        reasons=[(group, *texts) for group, texts in TEXTS.items()],
        first_month=(FIRST_MONTH, FIRST_MONTH_ACCURACY, validation("<stage>")),
        cells=_cells,
    )


def _cells(columns: Iterable[Column]) -> list[tuple[str, ...]]:
    return [(f"`{column.name}`", column.type, column.comment) for column in columns]


def _feature_cells(column: FeatureColumn) -> tuple[str, ...]:
    name = column.name.replace(f"_{_ANY_DEPARTMENT}_", "_<department>_")
    comment = column.comment.replace(f"department '{_ANY_DEPARTMENT}'", "the department")
    return f"`{name}`", column.type, column.role, comment


def main(argv: Sequence[str] | None = None) -> None:
    """Write the page, or exit with 1 if the committed one is out of date."""
    write_or_check("docs.generate.data_dictionary", PAGE, page, argv)


if __name__ == "__main__":
    main()
