from __future__ import annotations

from pyspark.sql import SparkSession

from jobs.cleaning.transactions import transactions
from jobs.core.month import Month
from jobs.sources.mapping import Source, TransactionColumns

DELIVERED = """
    source_file string, delivery_month string, malformed_line string,
    delivered struct<c: string, t: string, a: string, u: string, kind: string>
"""


def test_returns_without_sign_are_told_by_the_mapping_and_units_take_the_sign_of_the_value(spark: SparkSession) -> None:
    source = Source(
        name="Unsigned returns",
        currency="EUR",
        transactions=TransactionColumns(customer_id="c", ordered_at="t", amount="a", units="u", optional=("kind",)),
        returns="delivered.kind = 'refund'",
    )
    delivered = [
        ("1", "2", "sale"),
        ("1", "2", "refund"),
        ("-1", "-2", "refund"),
        ("-1", "2", "sale"),
        ("5", None, None),
    ]
    rows = [("f", "2011-11", None, ("x", "2011-11-05", *values)) for values in delivered]

    typed = transactions(spark.createDataFrame(rows, DELIVERED), source, first=Month(2011, 11), last=Month(2011, 11))

    actual = typed.select("net_value", "units", "is_return").collect()
    assert [tuple(row) for row in actual] == [
        (1, 2, False),
        (-1, -2, True),
        (-1, -2, True),
        (-1, -2, True),
        (5, None, False),
    ]
