"""The mapping of a shop's files: which delivered column holds what, and which rows do not count.

Only a customer, a time and an amount are required. Everything else is optional and adds features. This module and the
sources work without Spark; predicates are Spark SQL text, evaluated during ingestion, and in part without Spark.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import ClassVar
from zoneinfo import ZoneInfo

from jobs.core.refusal import RefusedError
from jobs.core.tiers import Tiers
from jobs.core.value_basis import MARGIN, NET_REVENUE

_TIME_DIRECTIVES = frozenset("YmdHMSfbBIpz")
_ENCODINGS = ("UTF-8", "ISO-8859-1", "US-ASCII")
_REASON = re.compile(r"[a-z][a-z0-9_]*")


class MappingError(RefusedError):
    """A source's mapping does not exist or contradicts itself."""


@dataclass(frozen=True, kw_only=True)
class TransactionColumns:
    """Delivered columns of the order lines.

    Attributes:
        customer_id: who bought.
        ordered_at: when, a time or a date.
        amount: value of the line, with tax and discount as in the shop's revenue; or give `units` and `unit_price`.
        units: units bought.
        unit_price: price of one unit; without `amount`, the line's value is `units` × `unit_price`.
        order_id: the order or invoice. Without it, all lines of a customer with the same time are one order.
        product_id: the article.
        department: the article's department. Without it, the department comes from `products`.
        margin: what the shop keeps of the line's value, with the sign of the amount.
        unit_cost: alternatively, the shop's cost of one unit; the margin is the value less `units` × `unit_cost`.
        optional: further columns that row rules read as `delivered.<column>`; NULL if a file lacks the column.
    """

    customer_id: str
    ordered_at: str
    amount: str | None = None
    units: str | None = None
    unit_price: str | None = None
    order_id: str | None = None
    product_id: str | None = None
    department: str | None = None
    margin: str | None = None
    unit_cost: str | None = None
    optional: tuple[str, ...] = ()

    time: ClassVar[str | None] = "ordered_at"

    def __post_init__(self) -> None:
        """Refuse a mapping that gives lines no value, or two margins."""
        if self.amount is None and (self.units is None or self.unit_price is None):
            raise MappingError("transactions need an amount, or both units and unit_price")
        if self.unit_cost is not None and (self.units is None or self.margin is not None):
            raise MappingError("a unit_cost needs units and excludes a margin")


@dataclass(frozen=True, kw_only=True)
class CustomerColumns:
    """Delivered columns of the customer accounts; `membership` holds none, monthly or annual."""

    customer_id: str
    signup_on: str
    membership: str | None = None
    city: str | None = None
    country: str | None = None

    time: ClassVar[str | None] = None


@dataclass(frozen=True, kw_only=True)
class SessionColumns:
    """Delivered columns of the logins."""

    customer_id: str
    logged_in_at: str

    time: ClassVar[str | None] = "logged_in_at"


@dataclass(frozen=True, kw_only=True)
class ProductColumns:
    """Delivered columns of the articles."""

    product_id: str
    department: str

    time: ClassVar[str | None] = None


TableColumns = TransactionColumns | CustomerColumns | SessionColumns | ProductColumns


@dataclass(frozen=True, kw_only=True)
class RowRule:
    """A rule that rejects order lines: `reason` goes to `rejected_for`, `when` is a Spark SQL predicate.

    The predicate can use the clean columns by name, `unit_price`, and every delivered column, as text, as
    `delivered.<column>`. A line for which the predicate is NULL is not rejected.
    """

    reason: str
    when: str

    def __post_init__(self) -> None:
        """Refuse a reason that is not in snake_case."""
        if not _REASON.fullmatch(self.reason):
            raise MappingError(f"reason {self.reason!r} of a row rule is not in snake_case")


@dataclass(frozen=True, kw_only=True)
class Source:
    """How one shop delivers its data.

    Attributes:
        name: the display name of the shop or data set.
        currency: ISO 4217 code of all amounts.
        transactions: the order lines.
        customers: the accounts, if delivered.
        sessions: the logins, if delivered.
        products: the articles, if delivered.
        departments: departments that get their own features; all others count as 'other'. Empty: no such features.
        margin_rates: department → share of a line's value that is margin. Not used if lines have a margin or unit_cost.
        time_formats: formats of times and dates delivered as text, as for `strptime`; ISO 8601 is always accepted.
        timezone: the shop's time zone. Times with an offset are converted to it; other times are already local.
        returns: predicate that identifies a return if amounts have no sign. Without it, a negative amount is a return.
        rules: lines that do not count, beyond those that are rejected for every source.
        rejects_duplicates: whether a line equal to another in every delivered column is an error. Set it only if an
            order id, a line id or a time in seconds distinguishes two equal purchases.
        ids_as_floats: whether ids are integers that an export may have written as `13085.0`.
        delimiter, encoding: of CSV files.
        tiers: the boundaries of `tier` in clv.customer.
        customers_where: whom to forecast: a Spark SQL predicate over the columns of the clean customers table.
        value_basis: the measure of value; `on` sets it.
    """

    name: str
    currency: str
    transactions: TransactionColumns
    customers: CustomerColumns | None = None
    sessions: SessionColumns | None = None
    products: ProductColumns | None = None
    departments: tuple[str, ...] = ()
    margin_rates: Mapping[str, float] = field(default_factory=dict)
    time_formats: tuple[str, ...] = ()
    timezone: str = "UTC"
    returns: str | None = None
    rules: tuple[RowRule, ...] = ()
    rejects_duplicates: bool = False
    ids_as_floats: bool = False
    delimiter: str = ","
    encoding: str = "UTF-8"
    tiers: Tiers = field(default=Tiers(), repr=False)  # the text of a mapping says how rows are read
    customers_where: str | None = None
    value_basis: str = NET_REVENUE

    def __post_init__(self) -> None:
        """Refuse unsupported encodings, delimiters, time zones and time formats, and invalid margin rates."""
        if self.encoding.upper() not in _ENCODINGS:
            raise MappingError(f"encoding {self.encoding!r} is not supported: deliver one of {', '.join(_ENCODINGS)}")
        if len(self.delimiter) != 1:
            raise MappingError(f"delimiter {self.delimiter!r} is not one character")
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError) as error:
            raise MappingError(f"timezone {self.timezone!r} is unknown: give one like 'Europe/Berlin'") from error
        for time_format in self.time_formats:
            unknown = sorted(set(re.findall("%(.)", time_format)) - _TIME_DIRECTIVES)
            if unknown:
                used, read = (f"%{', %'.join(names)}" for names in (unknown, sorted(_TIME_DIRECTIVES)))
                raise MappingError(f"time format {time_format!r} uses {used}: only {read} are read")
        for department, rate in self.margin_rates.items():
            if not -1.0 <= rate <= 1.0:
                raise MappingError(f"the margin rate {rate} of department {department!r} is not a share from -1 to 1")

    @property
    def declares_margin(self) -> bool:
        """Whether lines or departments declare what the shop keeps of its revenue."""
        return self._has_margin_per_line or bool(self.margin_rates)

    @property
    def _has_margin_per_line(self) -> bool:
        return self.transactions.margin is not None or self.transactions.unit_cost is not None

    def on(self, value_basis: str) -> Source:
        """The mapping for runs on a value basis, without the declarations that the basis does not use.

        Raises:
            MappingError: the source declares no margin.
        """
        if value_basis == MARGIN and not self.declares_margin:
            raise MappingError(
                f"{self.name} declares no margin: name the delivered column of margin, or of unit_cost, in its "
                "TransactionColumns, or add margin_rates={'<department>': 0.35, …} to its Source, a share of the net "
                "value for every department"
            )
        is_margin, per_line = value_basis == MARGIN, self._has_margin_per_line
        return replace(
            self,
            transactions=self.transactions if is_margin else replace(self.transactions, margin=None, unit_cost=None),
            margin_rates=self.margin_rates if is_margin and not per_line else {},
            value_basis=value_basis,
        )

    @property
    def tables(self) -> Mapping[str, TableColumns]:
        """The tables that this source may deliver: name → columns."""
        declared: dict[str, TableColumns | None] = {
            "products": self.products,
            "customers": self.customers,
            "sessions": self.sessions,
            "transactions": self.transactions,
        }
        return {table: columns for table, columns in declared.items() if columns is not None}


def delivered_columns(columns: TableColumns) -> list[str]:
    """The columns that a delivered file must have, in the order of the mapping."""
    values = [getattr(columns, field.name) for field in fields(columns) if field.name != "optional"]
    return list(dict.fromkeys(value for value in values if value is not None))


def required_columns(columns: TableColumns) -> list[str]:
    """Those of the delivered columns without which a list cannot be read: its attributes may be added later."""
    return [getattr(columns, field.name) for field in fields(columns) if field.default is MISSING]


def effective_columns(source: Source, columns: TableColumns, names: Sequence[str]) -> list[str]:
    """Those of a file's columns that can change what becomes of its rows, in the order of the file.

    They are the mapped ones and those that a predicate names; all of them where equal rows are rejected as duplicates.
    """
    mapped = set(delivered_columns(columns))
    if source.rejects_duplicates and columns.time is not None:
        return list(names)
    if not isinstance(columns, TransactionColumns):
        return [name for name in names if name in mapped]
    # Spark SQL ignores the case of a column's name.
    predicates = " ".join([source.returns or "", *(rule.when for rule in source.rules)]).casefold()
    return [name for name in names if name in mapped or name in columns.optional or name.casefold() in predicates]
