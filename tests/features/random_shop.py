"""A small shop drawn at random, with everything that is awkward about one; and its frames for Spark."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame, SparkSession

from jobs.core.month import Month
from jobs.lake.tables import CUSTOMERS, SESSIONS, TRANSACTIONS, Table

FIRST_MONTH = Month(2023, 11)
LAST_MONTH = Month(2025, 2)
DEPARTMENTS = ("grocery", "Home & Garden")
SOLD_IN = (*DEPARTMENTS, "toys", "unknown")
EMPTY_MONTH = Month(2024, 7)
LISTED = (Month(2023, 12), Month(2024, 4), Month(2024, 10))
"""The months with a customer list; memberships and cities differ from list to list."""

_CUSTOMERS = 24
_START = datetime.fromisoformat("2023-11-01")
_END = datetime.fromisoformat("2025-03-01")
_SEED = 7


@dataclass(frozen=True)
class Shop:
    """Lines, customer lists and logins, each with the month it belongs to."""

    lines: pd.DataFrame
    customers: pd.DataFrame
    sessions: pd.DataFrame


def random_shop() -> Shop:
    """Orders over sixteen months: many lines and departments an order, returns, ties, a month without a line."""
    rng = np.random.default_rng(_SEED)
    lines = [row for customer in range(_CUSTOMERS) for row in _orders(f"c{customer:02d}", rng)]
    lines += _edge_cases()
    frame = pd.DataFrame(lines, columns=TRANSACTIONS.names)
    frame["month"] = frame["ordered_at"].map(lambda at: str(Month.of(at.date())))
    frame = frame[frame["month"] != str(EMPTY_MONTH)].sample(frac=1, random_state=_SEED, ignore_index=True)
    return Shop(lines=frame, customers=_customer_lists(rng), sessions=_sessions(rng))


def spark_frame(spark: SparkSession, frame: pd.DataFrame, table: Table) -> DataFrame:
    """The rows of one of the shop's tables as Spark reads them from the lake: with the period's text key."""
    rows = [tuple(map(_in_utc, row)) for row in frame.itertuples(index=False, name=None)]
    return spark.createDataFrame(rows, f"{table.ddl}, month string")


def clean_lines(spark: SparkSession, lines: pd.DataFrame) -> DataFrame:
    """The transactions table."""
    return spark_frame(spark, lines, TRANSACTIONS)


def _in_utc(value: object) -> object:
    """Spark would take a time without a zone for one of this machine's."""
    return value.tz_localize("UTC").to_pydatetime() if isinstance(value, pd.Timestamp) else value


def _orders(customer_id: str, rng: np.random.Generator) -> list[tuple[object, ...]]:
    start = int(rng.integers(0, 400))
    days = np.unique(rng.integers(start, 485, int(rng.integers(1, 14))))
    rows: list[tuple[object, ...]] = []
    for number, day in enumerate(days):
        at = _START + timedelta(days=int(day), seconds=int(rng.integers(0, 86400)))
        for _ in range(int(rng.integers(1, 4))):
            rows.append(_line(customer_id, f"{customer_id}-{number}", at, rng, is_return=False))
        if rng.random() < 0.2:
            back = at + timedelta(days=int(rng.integers(0, 20)))
            rows.append(_line(customer_id, f"{customer_id}-{number}-back", back, rng, is_return=True))
    return [row for row in rows if row[2] < _END]


def _line(
    customer_id: str, order_id: str, at: datetime, rng: np.random.Generator, *, is_return: bool
) -> tuple[object, ...]:
    sign = -1 if is_return else 1
    units = int(rng.integers(1, 5))
    value = Decimal(int(rng.integers(1, 400))) / 4 * units
    product = int(rng.integers(0, 12))
    return (
        customer_id,
        order_id,
        at,
        f"p{product}",
        SOLD_IN[product % 4],
        Decimal(sign * units),
        sign * value,
        is_return,
    )


def _edge_cases() -> list[tuple[object, ...]]:
    def line(
        customer_id: str, at: str, value: str, *, is_return: bool = False, order_id: str = ""
    ) -> tuple[object, ...]:
        moment = datetime.fromisoformat(at)
        units = Decimal(-1 if is_return else 1)
        return (
            customer_id, order_id or f"{customer_id}-{at}", moment, "p0", "grocery", units, Decimal(value), is_return
        )  # fmt: skip

    return [
        line("returns only", "2024-03-05 10:00:00", "-12.5", is_return=True),
        line("last moment", "2024-01-31 23:59:59.999999", "10"),
        line("first moment", "2024-02-01 00:00:00", "10"),
        line("leap day", "2024-02-29 12:00:00", "3.3333"),
        line("once, long ago", "2023-11-01 00:00:00", "99.99"),
        line("over midnight", "2024-05-31 23:59:59", "5", order_id="night"),
        line("over midnight", "2024-06-01 00:00:01", "7", order_id="night"),
        *(line(f"tie {n}", "2024-04-10 08:00:00", "20") for n in range(6)),
    ]


def _customer_lists(rng: np.random.Generator) -> pd.DataFrame:
    names = [*(f"c{n:02d}" for n in range(0, _CUSTOMERS, 2)), "never bought", "never bought 2", "signs up later"]
    signups = [date(2023, 6, 1) + timedelta(days=int(day)) for day in rng.integers(0, 500, len(names))]
    signups[-3:] = [date(2024, 1, 31), date(2024, 2, 1), date(2025, 6, 1)]
    lists = []
    for number, month in enumerate(LISTED):
        frame = pd.DataFrame({"customer_id": names, "signup_on": signups})
        frame["membership"] = [("none", "monthly", "annual")[(n + number) % 3] for n in range(len(names))]
        frame["city"] = [("Lyon", "Nice")[(n * number) % 2] for n in range(len(names))]
        frame["country"] = [None if n % 5 == 0 else "FR" for n in range(len(names))]
        lists.append(frame[CUSTOMERS.names].assign(month=str(month)))
    return pd.concat(lists, ignore_index=True)


def _sessions(rng: np.random.Generator) -> pd.DataFrame:
    """Logins from the fourth month on; the shop delivered none before."""
    start, days = datetime.fromisoformat("2024-02-01"), (LAST_MONTH.as_of - date(2024, 2, 1)).days
    rows = [
        (f"c{rng.integers(0, _CUSTOMERS):02d}", start + timedelta(seconds=int(rng.integers(0, days * 86400))))
        for _ in range(300)
    ]
    rows += [
        ("never bought", datetime.fromisoformat("2024-06-30 23:59:59")),
        ("never bought", datetime.fromisoformat("2024-06-01")),
    ]
    rows += [("a visitor", datetime.fromisoformat("2024-06-03"))]
    frame = pd.DataFrame(rows, columns=SESSIONS.names)
    return frame.assign(month=frame["logged_in_at"].map(lambda at: str(Month.of(at.date()))))
