"""Histories drawn at random, with ties, returns, days without a time, month ends and leap days, in both paths."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.core.month import Month
from jobs.features.assemble import build_snapshots
from jobs.features.daily import daily
from jobs.features.histories import FrameInputs
from jobs.features.table import features
from jobs.lake.tables import CUSTOMERS, SESSIONS, TRANSACTIONS
from tests.features import customer_by_customer
from tests.features.random_shop import Shop, spark_frame
from tests.features.single.both_paths import compared

FIRST, LAST = Month(2023, 2), Month(2024, 2)
AS_OF = LAST.as_of
LISTED = (Month(2023, 5), LAST)
DEPARTMENTS = ("grocery", "Home & Garden")
EDGES = ["2023-02-28", "2023-02-01", "2023-03-01", "2023-03-02", "2023-08-31", "2024-01-31", "2024-02-28", "2024-02-29"]
"""Ends of months and of windows; a year of 365 days before the snapshot starts on 2023-03-02."""
PEOPLE = [f"c{number}" for number in range(12)]

moments = st.builds(
    datetime.combine,
    st.sampled_from(EDGES).map(date.fromisoformat)
    | st.integers(0, (AS_OF - FIRST.first_day).days - 1).map(lambda days: FIRST.first_day + timedelta(days=days)),
    st.sampled_from([time(), time(5, 59, 59, 999999), time(6), time(12), time(18), time(23, 59, 59, 999999)]),
)
amounts = st.sampled_from([1, 25_000, 33_333, 99_999_999]) | st.integers(1, 10_000_000)


@st.composite
def lines(draw: st.DrawFn) -> tuple[object, ...]:
    sign = draw(st.sampled_from([1, 1, 1, -1]))
    units = draw(st.none() | st.integers(0, 50_000))
    return (
        draw(st.sampled_from(PEOPLE)),
        draw(st.sampled_from("abcd")),
        draw(moments),
        draw(st.none() | st.sampled_from("pqr")),
        draw(st.sampled_from([*DEPARTMENTS, "toys", "unknown"])),
        None if units is None else Decimal(sign * units).scaleb(-4),
        Decimal(sign * draw(amounts)).scaleb(-4),
        sign < 0,
    )


accounts = st.tuples(
    st.sampled_from([*PEOPLE, "listed only"]),
    moments.map(datetime.date) | st.just(AS_OF),
    st.sampled_from(["none", "annual", None]),
    st.sampled_from(["Lyon", None]),
    st.sampled_from(["FR", None]),
    st.sampled_from([str(month) for month in LISTED]),
)
logins = st.tuples(st.sampled_from(PEOPLE), moments)


@pytest.mark.long
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    drawn=st.lists(lines(), min_size=40, max_size=300),
    listed=st.lists(accounts, max_size=20, unique_by=lambda account: (account[0], account[-1])),
    logged_in=st.lists(logins, max_size=60),
)
def test_both_paths_give_the_same(
    spark: SparkSession,
    drawn: list[tuple[object, ...]],
    listed: list[tuple[object, ...]],
    logged_in: list[tuple[str, datetime]],
) -> None:
    shop = Shop(
        lines=_with_month(pd.DataFrame(drawn, columns=TRANSACTIONS.names, dtype=object), "ordered_at"),
        customers=pd.DataFrame(listed, columns=[*CUSTOMERS.names, "month"], dtype=object),
        sessions=_with_month(pd.DataFrame(logged_in, columns=SESSIONS.names, dtype=object), "logged_in_at"),
    )
    table = features(DEPARTMENTS)
    inputs = FrameInputs(
        daily=daily(spark_frame(spark, shop.lines, TRANSACTIONS)),
        previous=spark.createDataFrame([], f"{table.ddl}, as_of string"),
        customers=spark_frame(spark, shop.customers, CUSTOMERS),
        sessions=spark_frame(spark, shop.sessions, SESSIONS),
        lists=sorted({Month.parse(month) for month in shop.customers["month"]}),
        snapshots_with_sessions=[AS_OF] if str(LAST) in set(shop.sessions["month"]) else [],
    )
    built = build_snapshots(inputs, first=FIRST.as_of, last=AS_OF, departments=DEPARTMENTS)
    batch = [row.asDict() for row in built.where(F.col("as_of") == str(AS_OF)).collect()]
    comparison = compared(customer_by_customer.rows(shop, AS_OF, DEPARTMENTS), batch, table.names)
    print(f"{comparison.customers} customers x {comparison.columns} columns")  # noqa: T201 - for the report
    assert comparison.differences == []


def _with_month(frame: pd.DataFrame, at: str) -> pd.DataFrame:
    return frame.assign(month=[str(Month.of(moment)) for moment in frame[at]])
