"""The columns of every table in the lake: name, Spark type, meaning. All code refers to these declarations.

Money is DECIMAL, so a sum does not depend on the order of the rows. Times are the shop's local wall-clock times, stored
as UTC. All columns are nullable in Parquet; `expectations/` and Postgres check those that must not be null.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from jobs.core.month import HORIZON_MONTHS, HORIZONS, Month

MONEY = "decimal(18,4)"
CENTS = "decimal(18,2)"

ALL_DEPARTMENTS = "(all)"
UNKNOWN_DEPARTMENT = "unknown"

FORECAST_MONTHS = tuple(f"month_{h:02d}" for h in range(1, HORIZON_MONTHS + 1))
"""The twelve monthly forecast columns, in calendar order."""

REASON_COLUMNS = ("reason_1", "reason_2", "reason_3")
MAY_BE_EMPTY = frozenset(REASON_COLUMNS[1:])
"""Nullable columns of a forecast: a customer can have fewer than three reasons."""


@dataclass(frozen=True)
class Column:
    """One column: its name, its type as Spark DDL, and its description."""

    name: str
    type: str
    comment: str


@dataclass(frozen=True)
class Table:
    """One table: its name in the lake, its grain (what a row is), its partition key, and its columns."""

    name: str
    grain: str
    period_key: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """The column names, in order."""
        return [column.name for column in self.columns]

    def period(self, text: str) -> Month | date:
        """A period, from its text: `2011-11` or `2011-12-01`."""
        return Month.parse(text) if self.period_key == "month" else date.fromisoformat(text)

    @property
    def money(self) -> list[str]:
        """The columns that hold money."""
        return [column.name for column in self.columns if column.type in (CENTS, MONEY)]

    @property
    def ddl(self) -> str:
        """The schema as Spark DDL, for `spark.read.schema(...)`."""
        return ", ".join(f"`{column.name}` {column.type}" for column in self.columns)


TRANSACTIONS = Table(
    "clean/transactions",
    "a line of an order or of a return",
    "month",
    (
        Column("customer_id", "string", "The customer who bought"),
        Column("order_id", "string", "The order or invoice; one per customer and moment where the source has none"),
        Column("ordered_at", "timestamp", "When the order was placed or the return was booked"),
        Column("product_id", "string", "The article, where the source tells it"),
        Column("department", "string", "The article's department, or 'unknown'"),
        Column("units", MONEY, "Units bought (positive) or returned (negative)"),
        Column("net_value", MONEY, "Value of the line in the shop's currency; negative for returns"),
        Column("is_return", "boolean", "Whether the line takes goods or money back"),
    ),
)

CUSTOMERS = Table(
    "clean/customers",
    "a customer, as delivered with the data month",
    "month",
    (
        Column("customer_id", "string", "The customer"),
        Column("signup_on", "date", "Day the account was opened"),
        Column("membership", "string", "none, monthly or annual"),
        Column("city", "string", "City of the account"),
        Column("country", "string", "Country of the account"),
    ),
)

SESSIONS = Table(
    "clean/sessions",
    "a login",
    "month",
    (
        Column("customer_id", "string", "The customer who logged in"),
        Column("logged_in_at", "timestamp", "When"),
    ),
)

PRODUCTS = Table(
    "clean/products",
    "an article, as delivered with the data month",
    "month",
    (
        Column("product_id", "string", "The article"),
        Column("department", "string", "The department it belongs to"),
    ),
)

REJECTED_COLUMNS = (
    Column("source_file", "string", "The delivered file the row came from"),
    Column("raw", "string", "The row as delivered, as a JSON object"),
    Column("rejected_for", "array<string>", "Every reason why the row is not in the clean table"),
)

DELIVERED_COLUMNS = (
    Column("source_file", "string", "The delivered file"),
    Column("piece", "bigint", "The position of the piece in the file, from 0 on"),
    Column("content", "binary", "The bytes of the piece"),
)

DAILY = Table(
    "daily",
    "a customer, day and department; department '(all)' holds the day over all departments",
    "month",
    (
        Column("customer_id", "string", "The customer"),
        Column("ordered_on", "date", "The day"),
        Column("department", "string", "The department, or '(all)'"),
        Column("net_value", MONEY, "Sales less returns"),
        Column("sales_value", MONEY, "Sales alone"),
        Column("return_value", MONEY, "Returns alone, as a positive amount"),
        Column(
            "orders", "bigint", "Distinct orders; an order that spans departments counts once in each, once in '(all)'"
        ),
        Column("return_orders", "bigint", "Distinct returns"),
        Column("units", MONEY, "Units sold less units returned"),
        Column("products", "bigint", "Distinct articles in each order, summed over the orders"),
        Column("orders_night", "bigint", "Orders placed from 00:00 to 05:59"),
        Column("orders_morning", "bigint", "Orders placed from 06:00 to 11:59"),
        Column("orders_afternoon", "bigint", "Orders placed from 12:00 to 17:59"),
        Column("orders_evening", "bigint", "Orders placed from 18:00 to 23:59"),
    ),
)

FORECASTS = Table(
    "forecasts",
    "a customer known at as_of",
    "as_of",
    (
        Column("customer_id", "string", "The customer"),
        Column("clv_1m", CENTS, "Expected net value in the first forecast month"),
        Column("clv_3m", CENTS, "Expected net value in the first three forecast months"),
        Column("clv_6m", CENTS, "Expected net value in the first six forecast months"),
        Column("clv_12m", CENTS, "Expected net value in the twelve forecast months: the sum of month_01 to month_12"),
        Column("clv_12m_p10", CENTS, "Lower end of the 80 % interval of the twelve months' value"),
        Column("clv_12m_p90", CENTS, "Upper end of the 80 % interval of the twelve months' value"),
        Column("p_active_12m", "double", "Probability of at least one order in the twelve forecast months"),
        *(
            Column(name, CENTS, f"Expected net value in forecast month {h} (month 1 starts on as_of)")
            for h, name in enumerate(FORECAST_MONTHS, start=1)
        ),
        Column("status", "string", "new, active, lapsing, dormant or never_bought: how the customer stands at as_of"),
        Column("method", "string", "model, btyd or cohort_prior: how the forecast was made"),
        Column("model_version", "bigint", "Version of the registered model"),
        *(
            Column(name, "string", f"{which} reason why clv_12m is higher or lower than the typical buyer's{note}")
            for name, which, note in zip(
                REASON_COLUMNS,
                ("Most telling", "Second", "Third"),
                ("", " (null: no more)", " (null: no more)"),
                strict=True,
            )
        ),
        Column("p_active_1m", "double", "Probability of at least one order in the first forecast month"),
        Column("p_active_3m", "double", "Probability of at least one order in the first three forecast months"),
        Column("p_active_6m", "double", "Probability of at least one order in the first six forecast months"),
        *(
            Column(
                f"variance_{k}m",
                "double",
                f"Variance of clv_{k}m, without the error of level that all customers share: add it up over customers "
                "for clv.total_interval",
            )
            for k in HORIZONS
        ),
    ),
)


STAGES = ("inputs", "features", "forecasts")
"""The stages of a run whose output is validated."""

_VALIDATION_COLUMNS = (
    Column("suite", "string", "The suite"),
    Column("rule", "string", "The rule"),
    Column("says", "string", "The rule as a sentence"),
    Column("severity", "string", "critical or warning; a rule that could not be evaluated is critical"),
    Column("column", "string", "The column that the rule is about, or several with commas; null for a rule about rows"),
    Column("passed", "boolean", "Whether it holds"),
    Column("observed", "string", "The observed value"),
    Column("allowed", "string", "What the rule allows"),
    Column("rows", "bigint", "Rows that break it; null for rules about totals"),
    Column("place", "string", "Where these rows are"),
    Column("query", "string", "Spark SQL that selects them"),
    Column("examples", "array<string>", "The keys of up to three of them"),
    Column("page", "string", "Address of the suite's results in the Data Docs"),
)


def validation(stage: str) -> Table:
    """The table of what the validation of a stage found."""
    return Table(f"validation/{stage}", "a rule", "as_of", _VALIDATION_COLUMNS)


def delivered(name: str) -> Table:
    """The table of the lists that a shop overwrites: customers or products, as they were delivered."""
    return Table(f"delivered/{name}", "a piece of a delivered file", "month", DELIVERED_COLUMNS)


def rejected(clean: Table) -> Table:
    """The table of the rows rejected from a clean table."""
    return Table(
        clean.name.replace("clean/", "rejected/"), "a delivered row that was refused", "month", REJECTED_COLUMNS
    )
