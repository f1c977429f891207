"""How kinds of bad input are described: how each is delivered, and what must become of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jobs.sources.mapping import CustomerColumns, ProductColumns, SessionColumns, Source, TransactionColumns

SHOP = Source(
    name="Corner shop",
    currency="EUR",
    transactions=TransactionColumns(
        customer_id="who", ordered_at="when", units="qty", unit_price="price", order_id="order", product_id="sku"
    ),
    customers=CustomerColumns(customer_id="id", signup_on="since", membership="plan", city="town", country="land"),
    sessions=SessionColumns(customer_id="who", logged_in_at="at"),
    products=ProductColumns(product_id="sku", department="aisle"),
    rejects_duplicates=True,
)

Row = Mapping[str, str]
Clean = Mapping[str, str | None]


@dataclass(frozen=True)
class Good:
    """A good row of a table: as delivered, as it lies in the clean table, and the column in which kinds are told apart.

    The column carries the kind's name, unless a row says otherwise.
    """

    delivered: Row
    clean: Clean
    marker: str
    clean_marker: str


GOOD = {
    "transactions": Good(
        {"order": "1", "sku": "", "when": "2011-11-05 10:00:00", "who": "c1", "qty": "1", "price": "2.50"},
        {
            "customer_id": "c1", "order_id": "1", "ordered_at": "2011-11-05 10:00:00", "product_id": "",
            "department": "unknown", "units": "1.0000", "net_value": "2.5000", "is_return": "false", "month": "2011-11",
        },
        "sku",
        "product_id",
    ),
    "customers": Good(
        {"id": "", "since": "2011-02-01", "plan": "none", "town": "", "land": "Germany"},
        {
            "customer_id": "", "signup_on": "2011-02-01", "membership": "none", "city": "", "country": "Germany",
            "month": "2011-11",
        },
        "town",
        "city",
    ),
    "sessions": Good(
        {"who": "", "at": "2011-11-05 10:00:00"},
        {"customer_id": "", "logged_in_at": "2011-11-05 10:00:00", "month": "2011-11"},
        "who",
        "customer_id",
    ),
    "products": Good(
        {"sku": "", "aisle": ""}, {"product_id": "", "department": "", "month": "2011-11"}, "aisle", "department"
    ),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class RowKind:
    """Rows that are read: each is clean or quarantined.

    Attributes:
        name: what is bad, for people; no two kinds share it.
        rows: differences of each row to a good one.
        file: the bytes of a whole file, header included, in place of `rows`.
        rejected: for each row that is quarantined, its reasons.
        clean: for each row that is kept, its differences to a good one in the clean table.
        note: what else there is to say.
        table: the table that is delivered.
    """

    name: str
    rows: tuple[Row, ...] = ()
    file: bytes | None = None
    rejected: tuple[tuple[str, ...], ...] = ()
    clean: tuple[Clean, ...] = ()
    note: str = ""
    table: str = "transactions"

    def clean_rows(self) -> list[tuple[str | None, ...]]:
        """What must lie in the clean table, sorted."""
        good = GOOD[self.table]
        return sorted(
            (tuple({**good.clean, good.clean_marker: self.name, **row}.values()) for row in self.clean), key=str
        )


def csv_of(kinds: Iterable[RowKind], table: str) -> bytes:
    """The rows of kinds of a table as one file; the column `kind`, which no mapping names, tells whose a row is."""
    good = GOOD[table]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, ["kind", *good.delivered], lineterminator="\n")
    writer.writeheader()
    for kind in kinds:
        writer.writerows({"kind": kind.name, **good.delivered, good.marker: kind.name, **row} for row in kind.rows)
    return text.getvalue().encode()


@dataclass(frozen=True, kw_only=True)
class RefusedKind:
    """A delivery that is refused as a whole, with exit code 65, before anything is written.

    Attributes:
        name: what is bad, for people.
        deliver: leaves it in a landing folder.
        says: what the message must contain: of which column or value it is about, and what to do.
        source: the mapping in use.
    """

    name: str
    deliver: Callable[[Path], object]
    says: str
    source: Source = SHOP


@dataclass(frozen=True, kw_only=True)
class MappingKind:
    """A mapping that is refused when it is read: what it says differently from a good one."""

    name: str
    changes: Mapping[str, object]
    says: str


@dataclass(frozen=True, kw_only=True)
class MonthKind:
    """A month whose rows are good one by one, and wrong together: what validation finds broken.

    Attributes:
        name: what is bad, for people.
        figures: how the month's figures differ from those of the months before.
        stops: critical rules that it breaks.
    """

    name: str
    figures: Mapping[str, float]
    stops: frozenset[str] = field(default_factory=frozenset)


def quarantined(
    name: str, column: str, *values: str, reasons: tuple[str, ...], table: str = "transactions", note: str = ""
) -> RowKind:
    """Good rows but for the values of one column: all are quarantined, for the same reasons."""
    rows = tuple({column: value} for value in values)
    return RowKind(name=name, rows=rows, rejected=(reasons,) * len(rows), table=table, note=note)


def kept(
    name: str, column: str, clean_column: str, *values: str, table: str = "transactions", note: str = ""
) -> RowKind:
    """Good rows but for the values of one column: all are kept just as they were delivered."""
    return RowKind(
        name=name,
        rows=tuple({column: value} for value in values),
        clean=tuple({clean_column: value} for value in values),
        table=table,
        note=note,
    )
