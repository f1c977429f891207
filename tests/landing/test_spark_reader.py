from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession

from jobs.landing.spark_reader import delivered_rows
from jobs.sources.mapping import Source, TransactionColumns

SHOP = Source(
    name="Shop",
    currency="EUR",
    transactions=TransactionColumns(customer_id="who", ordered_at="when", amount="paid", optional=("sheet",)),
    timezone="Europe/Berlin",
)


def read(spark: SparkSession, files: list[Path], source: Source = SHOP) -> DataFrame:
    cache = files[0].parent / "cache"
    return delivered_rows(spark, files, source, source.transactions, by_month=False, cache=cache)


def test_typed_columns_become_the_text_a_person_would_write(spark: SparkSession, tmp_path: Path) -> None:
    numbers = [13085.0, 2.5, float("nan"), float("inf"), 1e300, -0.0, None]
    columns = {
        "who": pa.array([13085, None, 7, 7, 7, 7, 7]),
        "paid": pa.array(numbers),
        "when": pa.array([datetime(2011, 12, 31, 23, 30)] * 7, pa.timestamp("us")),  # noqa: DTZ001
        "instant": pa.array([datetime(2011, 12, 31, 23, 30)] * 7, pa.timestamp("ms", "UTC")),  # noqa: DTZ001
        "day": pa.array([date(2011, 12, 31)] * 7),
        "exact": pa.array([Decimal("1.10")] * 7, pa.decimal128(10, 2)),
        "yes.no`": pa.array([True] * 7),
        "sheet": pa.array(["a"] * 7).dictionary_encode(),
    }
    pq.write_table(pa.table(columns), tmp_path / "rows.parquet")

    rows = [row.delivered.asDict() for row in read(spark, [tmp_path / "rows.parquet"]).collect()]

    assert rows[0] == {
        "who": "13085",
        "paid": "13085",
        "when": "2011-12-31 23:30:00",
        "instant": "2012-01-01 00:30:00",
        "day": "2011-12-31",
        "exact": "1.10",
        "yes.no`": "true",
        "sheet": "a",
    }
    assert [row["paid"] for row in rows] == ["13085", "2.5", "NaN", "Infinity", "1.0E300", "0", None]
    assert [row["who"] for row in rows] == ["13085", None, *["7"] * 5]


def test_types_may_change_from_file_to_file_and_optional_columns_may_be_absent(
    spark: SparkSession, tmp_path: Path
) -> None:
    files = [tmp_path / "a.parquet", tmp_path / "b.parquet", tmp_path / "c.csv"]
    day = pa.array([date(2011, 12, 31)])
    pq.write_table(pa.table({"who": [1], "when": day, "paid": [1]}), files[0])
    pq.write_table(pa.table({"paid": ["2"], "who": ["x"], "when": day, "sheet": ["s"]}), files[1])
    files[2].write_text("when,note,who,paid\n2011-12-31,n,y,3\n")

    rows = {row.source_file: row.delivered.asDict() for row in read(spark, files).collect()}

    empty = {"who": None, "when": "2011-12-31", "paid": None, "sheet": None, "note": None}
    assert rows == {
        "a.parquet": empty | {"who": "1", "paid": "1"},
        "b.parquet": empty | {"who": "x", "paid": "2", "sheet": "s"},
        "c.csv": empty | {"who": "y", "paid": "3", "note": "n"},
    }


def test_csv_is_read_as_excel_and_databases_write_it(spark: SparkSession, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes(
        "\ufeffwho;when;paid\r\n"
        '"Müller; ""Fritz""";2011-12-31;1\r\n'
        '"two\nlines";2011-12-31;2\r\n'
        'C:\\dir;"";\r\n'
        "\r\n"
        "too;few\r\n"
        "too;many;fields;here\r\n"
        '😀;"never closed;3\r\n'.encode()
    )

    rows = read(spark, [file], replace(SHOP, delimiter=";")).collect()

    assert [(row.delivered.who, row.delivered.when, row.delivered.paid) for row in rows if row.delivered] == [
        ('Müller; "Fritz"', "2011-12-31", "1"),
        ("two\nlines", "2011-12-31", "2"),
        ("C:\\dir", None, None),
    ]
    assert [row.malformed_line for row in rows if not row.delivered] == [
        "too;few",
        "too;many;fields;here",
        '😀;"never closed;3',
    ]


def test_another_encoding_is_read_where_the_mapping_says_so(spark: SparkSession, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes("who,when,paid\nGrüße,2011-12-31,1\n".encode("latin-1"))

    declared = read(spark, [file], replace(SHOP, encoding="ISO-8859-1")).collect()
    undeclared = read(spark, [file]).collect()

    assert [row.delivered.who for row in declared] == ["Grüße"]
    assert [row.delivered.who for row in undeclared] == ["Gr\ufffd\ufffde"]
