from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from pyspark.sql import DataFrame, SparkSession
from pyspark.testing import assertDataFrameEqual

from jobs.features.daily import daily
from jobs.lake.tables import DAILY, TRANSACTIONS


def lines(spark: SparkSession, *rows: tuple[str, str, str, str | None, str, str, str]) -> DataFrame:
    """Transaction lines, a return where the value is negative."""
    return spark.createDataFrame(
        [
            (
                customer,
                order,
                datetime.fromisoformat(at).replace(tzinfo=UTC),
                product,
                department,
                Decimal(units),
                Decimal(value),
                Decimal(value) < 0,
                at[:7],
            )
            for customer, order, at, product, department, units, value in rows
        ],
        f"{TRANSACTIONS.ddl}, month string",
    )


def day(
    spark: SparkSession, *rows: tuple[str, str, str, str, str, str, int, int, str, int, tuple[int, int, int, int]]
) -> DataFrame:
    """Expected rows: customer, day, department, three values, orders, returns, units, products, orders by daypart."""
    return spark.createDataFrame(
        [
            (
                customer,
                date.fromisoformat(on),
                department,
                Decimal(net),
                Decimal(sales),
                Decimal(returned),
                orders,
                returns,
                Decimal(units),
                products,
                *parts,
                on[:7],
            )
            for customer, on, department, net, sales, returned, orders, returns, units, products, parts in rows
        ],
        f"{DAILY.ddl}, month string",
    )


def assert_same(actual: DataFrame, expected: DataFrame) -> None:
    assertDataFrameEqual(actual, expected, rtol=0, atol=0)


def test_an_order_counts_once_in_each_department_and_once_over_all(spark: SparkSession) -> None:
    actual = daily(
        lines(
            spark,
            ("a", "1", "2024-03-01 05:59:59", "p1", "books", "2", "10.0001"),
            ("a", "1", "2024-03-01 06:00:00", "p1", "books", "1", "5"),
            ("a", "1", "2024-03-01 06:00:00", "p2", "toys", "1", "1"),
            ("a", "2", "2024-03-01 18:00:00", "p2", "toys", "1", "1"),
        )
    )
    expected = day(
        spark,
        ("a", "2024-03-01", "books", "15.0001", "15.0001", "0", 1, 0, "3", 1, (1, 0, 0, 0)),
        ("a", "2024-03-01", "toys", "2", "2", "0", 2, 0, "2", 2, (0, 1, 0, 1)),
        ("a", "2024-03-01", "(all)", "17.0001", "17.0001", "0", 2, 0, "5", 3, (1, 0, 0, 1)),
    )
    assert_same(actual, expected)


def test_lines_without_an_article_count_no_article(spark: SparkSession) -> None:
    actual = daily(
        lines(
            spark,
            ("a", "1", "2024-03-01 12:00:00", None, "books", "1", "10"),
            ("a", "1", "2024-03-01 12:00:00", None, "books", "1", "1"),
            ("a", "1", "2024-03-01 12:00:00", "p1", "books", "1", "1"),
            ("a", "1", "2024-03-01 12:00:00", "p2", "books", "-1", "-1"),
        )
    ).where("department = '(all)'")
    expected = day(spark, ("a", "2024-03-01", "(all)", "11", "12", "1", 1, 1, "2", 1, (0, 0, 1, 0)))
    assert_same(actual, expected)


def test_a_day_ends_at_midnight_and_so_does_a_month(spark: SparkSession) -> None:
    actual = daily(
        lines(
            spark,
            ("a", "1", "2024-01-31 23:59:59.999999", None, "books", "1", "10"),
            ("a", "1", "2024-02-01 00:00:00", None, "books", "1", "7"),
        )
    ).where("department = '(all)'")
    expected = day(
        spark,
        ("a", "2024-01-31", "(all)", "10", "10", "0", 1, 0, "1", 0, (0, 0, 0, 1)),
        ("a", "2024-02-01", "(all)", "7", "7", "0", 1, 0, "1", 0, (1, 0, 0, 0)),
    )
    assert_same(actual, expected)


def test_a_return_is_no_order_even_under_an_order_s_number(spark: SparkSession) -> None:
    actual = daily(
        lines(
            spark,
            ("a", "1", "2024-03-01 12:00:00", "p1", "books", "2", "10"),
            ("a", "1", "2024-03-01 12:00:00", "p1", "books", "-1", "-5"),
            ("b", "2", "2024-03-01 12:00:00", "p1", "books", "-1", "-5"),
        )
    ).where("department = '(all)'")
    expected = day(
        spark,
        ("a", "2024-03-01", "(all)", "5", "10", "5", 1, 1, "1", 1, (0, 0, 1, 0)),
        ("b", "2024-03-01", "(all)", "-5", "0", "5", 0, 1, "-1", 0, (0, 0, 0, 0)),
    )
    assert_same(actual, expected)


def test_a_month_without_lines_has_no_days(spark: SparkSession) -> None:
    assert daily(lines(spark)).count() == 0
