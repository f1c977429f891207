from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.cleaning.parsing import identifier, is_unusable_id, money, spark_pattern, time
from jobs.landing.times import months_of
from jobs.sources import load
from jobs.sources.mapping import Source

ISO = load("simulated_shop")
AMERICAN = replace(ISO, time_formats=("%m/%d/%Y %H:%M",))
COMPACT = replace(ISO, time_formats=("%Y%m%d",))
SPOKEN = replace(ISO, time_formats=("%d %b %Y, %I:%M %p",))
OFFSETS = replace(ISO, time_formats=("%d.%m.%Y %H:%M %z",), timezone="Europe/Berlin")

TIMES = [
    (ISO, "2011-12-01", "2011-12-01 00:00:00"),
    (ISO, "2011-12-01 08:26", "2011-12-01 08:26:00"),
    (ISO, "2011-12-01T08:26:59", "2011-12-01 08:26:59"),
    (ISO, "2011-12-01 08:26:59.123456789", "2011-12-01 08:26:59.123456"),
    (ISO, " 2011-12-01 ", "2011-12-01 00:00:00"),
    (ISO, "2012-02-29", "2012-02-29 00:00:00"),
    (ISO, "2011-02-29", None),
    (ISO, "2011-12-01 25:00", None),
    (ISO, "2011-12", None),
    (ISO, "12/1/2011 8:26", None),
    (ISO, "08:26", None),
    (ISO, "T08:26", None),
    (ISO, "today", None),
    (ISO, "1322727960", None),
    (ISO, "", None),
    (ISO, None, None),
    (ISO, "2011-12-31T23:30:00-05:00", "2012-01-01 04:30:00"),
    (ISO, "2011-12-31T23:30Z", "2011-12-31 23:30:00"),
    (ISO, "2011-12-31 23:30-05:00", "2012-01-01 04:30:00"),
    (ISO, "2011-12-31T23:30:00+18:01", None),
    (ISO, "2011-12-01\n", None),
    (replace(ISO, timezone="America/New_York"), "2012-01-01T04:30:00Z", "2011-12-31 23:30:00"),
    (replace(ISO, timezone="Europe/Berlin"), "2012-03-25 02:30:00", "2012-03-25 02:30:00"),
    (AMERICAN, "12/1/2010 8:26", "2010-12-01 08:26:00"),
    (AMERICAN, "02/03/2010 08:06", "2010-02-03 08:06:00"),
    (AMERICAN, "2010-12-01 08:26:00", "2010-12-01 08:26:00"),
    (AMERICAN, "13/1/2010 8:26", None),
    (AMERICAN, "12/1/10 8:26", None),
    (AMERICAN, "now", None),
    (AMERICAN, "today", None),
    (COMPACT, "19970131", "1997-01-31 00:00:00"),
    (COMPACT, "19970132", None),
    (SPOKEN, "1 Dec 2010, 8:26 PM", "2010-12-01 20:26:00"),
    (OFFSETS, "31.12.2011 23:30 +0000", "2012-01-01 00:30:00"),
]


@pytest.mark.parametrize(("source", "text", "expected"), TIMES)
def test_times_are_read_without_spark_as_with_it(source: Source, text: str | None, expected: str | None) -> None:
    month = months_of(pa.array([text], pa.string()), source)[0]

    assert str(month) == (expected[:7] if expected else "NaT")


def test_times_are_read_by_the_declared_formats_or_iso_and_nothing_is_guessed(spark: SparkSession) -> None:
    rows = spark.createDataFrame([(i, text) for i, (_, text, _) in enumerate(TIMES)], "i int, text string")
    read = [
        F.when(F.col("i").isin([i for i, row in enumerate(TIMES) if row[0] == source]), time(F.col("text"), source))
        for source in {(*source.time_formats, source.timezone): source for source, _, _ in TIMES}.values()
    ]

    actual = {row.i: row.time for row in rows.select("i", F.coalesce(*read).cast("string").alias("time")).collect()}

    assert [actual[i] for i in range(len(TIMES))] == [expected for _, _, expected in TIMES]


def test_numbers_of_a_format_are_padded_only_where_they_touch() -> None:
    assert spark_pattern("%d/%m/%Y %H:%M:%S") == "d/M/yyyy H:m:s"
    assert spark_pattern("%Y%m%dT%H%M%S") == "yyyyMMdd'T'HHmmss"


def test_amounts_are_read_to_four_decimals_or_not_at_all(spark: SparkSession) -> None:
    texts = ["2.55", "-7", " 12 ", "1e5", "0.00005", "NaN", "Infinity", "1E400", "9" * 40, "£12", "1,234.5", "", None]
    amounts = ["2.5500", "-7.0000", "12.0000", "100000.0000", "0.0001"] + [None] * 8
    rows = spark.createDataFrame(list(enumerate(texts)), "i int, text string")

    actual = rows.orderBy("i").select(money(F.col("text")).cast("string").alias("amount")).collect()

    assert [row.amount for row in actual] == amounts


def test_ids_stay_as_they_are_but_for_the_decimal_point_an_export_added(spark: SparkSession) -> None:
    texts = ["00123", "13085.0", " 7 ", "12.50", "a.0", "  ", "", None]
    rows = spark.createDataFrame(list(enumerate(texts)), "i int, text string").orderBy("i")
    exported = replace(ISO, ids_as_floats=True)

    exact, whole = (
        [row.id for row in rows.select(identifier(F.col("text"), source).alias("id")).collect()]
        for source in (ISO, exported)
    )

    assert exact == ["00123", "13085.0", " 7 ", "12.50", "a.0", None, None, None]
    assert whole == ["00123", "13085", " 7 ", "12.50", "a.0", None, None, None]


def test_ids_that_no_system_can_carry_are_told(spark: SparkSession) -> None:
    ids = ["ok", "naïve 😀 'quoted\"", "two\nlines", "nul\0", "K\ufffdln", "x" * 200, "x" * 201, None]
    rows = spark.createDataFrame(list(enumerate(ids)), "i int, id string").orderBy("i")

    actual = [row.bad for row in rows.select(is_unusable_id("id").alias("bad")).collect()]

    assert actual == [False, False, True, True, True, False, True, False]


def test_months_of_typed_times_follow_the_shops_clock() -> None:
    berlin = replace(ISO, timezone="Europe/Berlin")
    instants = pa.array(np.array(["2011-12-31T23:30:00", "NaT"], "datetime64[us]"), pa.timestamp("us", "UTC"))
    wall_clock = pa.array(np.array(["2011-12-31T23:30:00", "1066-10-14"], "datetime64[us]"), pa.timestamp("us"))

    assert [str(month) for month in months_of(instants, berlin)] == ["2012-01", "NaT"]
    assert [str(month) for month in months_of(wall_clock, berlin)] == ["2011-12", "NaT"]
