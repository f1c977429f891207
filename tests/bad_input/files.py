"""Files that are refused as a whole: nothing of them is read."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.bad_input.csv_files import HEADER, line
from tests.bad_input.kinds import RefusedKind

GOOD_CSV = HEADER + line("A")
TABLE = pa.table({"order": ["1"], "sku": ["A"], "when": ["2011-11-05"], "who": ["c1"], "qty": [1], "price": [2.5]})

Deliver = Callable[[Path], object]


def month(landing: Path, table: str = "transactions", name: str = "2011-11") -> Path:
    """The folder of a month, complete."""
    folder = landing / table / f"month={name}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "_SUCCESS").touch()
    return folder


def csv(content: str | bytes, name: str = "part.csv") -> Deliver:
    """A CSV file in the folder of its month."""
    data = content.encode() if isinstance(content, str) else content
    return lambda landing: (month(landing) / name).write_bytes(data)


def parquet(table: pa.Table) -> Deliver:
    """A Parquet file in the folder of its month."""
    return lambda landing: pq.write_table(table, month(landing) / "part.parquet")


def damaged_parquet(damage: Callable[[bytes], bytes]) -> Deliver:
    """A Parquet file of many rows, some of whose bytes are not what they were."""

    def deliver(landing: Path) -> None:
        file = month(landing) / "part.parquet"
        rows = [TABLE.set_column(0, "order", pa.array([str(number)])) for number in range(500)]
        pq.write_table(pa.concat_tables(rows).combine_chunks(), file)
        file.write_bytes(damage(file.read_bytes()))

    return deliver


def extra(type_: pa.DataType, value: object) -> pa.Table:
    """A good table with one column more."""
    return TABLE.append_column("extra", pa.array([value], type_))


def refused(name: str, deliver: Deliver, says: str) -> RefusedKind:
    return RefusedKind(name=name, deliver=deliver, says=says)


HAS_NO, NOT_UTF8 = (
    "has no column",
    "is not UTF-8: deliver it in that encoding, or set `encoding` in the mapping of 'Corner shop'",
)
DAMAGED, AGAIN = "is damaged or was not delivered in full", "deliver it again"

FILES = (
    refused("an empty file", csv(""), "is empty and has no header: deliver it again"),
    refused("a header of another encoding", csv(HEADER.replace("\n", ",größe\n").encode("latin-1")), NOT_UTF8),
    refused("UTF-16 with a byte order mark", csv(GOOD_CSV.encode("utf-16")), NOT_UTF8),
    refused("UTF-16 without a byte order mark", csv(GOOD_CSV.encode("utf-16-le")), NOT_UTF8),
    refused("UTF-32", csv(GOOD_CSV.encode("utf-32")), NOT_UTF8),
    refused("another delimiter", csv(GOOD_CSV.replace(",", ";")), "or its delimiter ','"),
    refused("tabs for commas", csv(GOOD_CSV.replace(",", "\t")), "or its delimiter ','"),
    refused("no header", csv("1,A,2011-11-05,c1,2,2.50\n"), "perhaps the first line does not name the columns"),
    refused(
        "an empty line before the header",
        csv("\n" + GOOD_CSV),
        "begins with an empty line: its first line must name the columns",
    ),
    refused(
        "a title before the header",
        csv("Sales of November\n" + GOOD_CSV),
        "perhaps the first line does not name the columns",
    ),
    refused("a column that is missing", csv(GOOD_CSV.replace("who,", "")), "has no column 'who'"),
    refused(
        "a column that was renamed",
        csv(GOOD_CSV.replace("who", "customer")),
        "has no column 'who'. It has: 'order', 'sku', 'when', 'customer'",
    ),
    refused("a column name in another case", csv(GOOD_CSV.replace("who", "Who")), "has no column 'who'"),
    refused("a column name with a blank", csv(GOOD_CSV.replace("who", " who")), "has no column 'who'"),
    refused("a blank column name", csv(GOOD_CSV.replace("who", "")), "has no column 'who'"),
    refused(
        "one column name twice",
        csv(GOOD_CSV.replace("sku", "who")),
        "repeats a column name in columns 2, 4: rename or drop the others",
    ),
    refused("one column name in two cases", csv(GOOD_CSV.replace("\n", ",WHO\n")), "repeats a column name in columns"),
    refused(
        "a quotation mark in the header that is never closed", csv('"' + GOOD_CSV), "has a header that cannot be read"
    ),
    refused("a header of 200,000 characters", csv("x" * 200_000 + "," + GOOD_CSV), "has a header that cannot be read"),
    refused(
        "a field of more than a million characters",
        csv(GOOD_CSV + '2,"' + "x" * 1_100_000),
        "has a field of more than 1,000,000 characters",
    ),
    refused("a line of 30,000 fields", csv(GOOD_CSV + "," * 30_000), "a line of more than 20,480 fields"),
    refused(
        "times in a format that the mapping does not name, in all rows",
        csv(GOOD_CSV.replace("2011-11-05 10:00:00", "05.11.2011")),
        "all 1 rows are rejected for unreadable_time, so the mapping does not fit the files",
    ),
    refused(
        "prices with a currency sign, in all rows",
        csv(GOOD_CSV.replace("2.50", "£2.50")),
        "all 1 rows are rejected for unreadable_price",
    ),
    refused("gzip under the name of a CSV", csv(gzip.compress(GOOD_CSV.encode())), NOT_UTF8),
    refused("CSV under the name of a gzip", csv(GOOD_CSV, "part.csv.gz"), DAMAGED),
    refused("a gzip that was cut", csv(gzip.compress((GOOD_CSV * 99).encode())[:-9], "part.csv.gz"), DAMAGED),
    refused("a gzip with a bit turned", csv(gzip.compress(GOOD_CSV.encode())[:-6] + b"\0" * 6, "part.csv.gz"), DAMAGED),
    refused("a gzip in a gzip", csv(gzip.compress(gzip.compress(GOOD_CSV.encode())), "part.csv.gz"), NOT_UTF8),
    refused("an empty gzip", csv(gzip.compress(b""), "part.csv.gz"), "begins with an empty line"),
    refused("CSV under the name of a Parquet", csv(GOOD_CSV, "part.parquet"), DAMAGED),
    refused("a Parquet without a footer", damaged_parquet(lambda data: data[: len(data) // 2]), DAMAGED),
    refused("a Parquet of four bytes", csv(b"PAR1", "part.parquet"), DAMAGED),
    refused(
        "a Parquet with a damaged page",
        damaged_parquet(lambda data: data[:150] + b"\xaa" * 200 + data[350:]),
        DAMAGED,
    ),
    refused("CSV under the name of a workbook", csv(GOOD_CSV, "part.xlsx"), "is damaged or was not delivered in full"),
    refused(
        "a number for a time in Parquet",
        parquet(TABLE.set_column(2, "when", pa.array([1320487200]))),
        "column 'when' should hold times but has type int64: deliver times or text",
    ),
    refused(
        "a list for an id in Parquet",
        parquet(TABLE.set_column(3, "who", pa.array([["c1"]]))),
        "column 'who' has type list<",
    ),
    refused(
        "a time of day in Parquet",
        parquet(extra(pa.time64("us"), 1)),
        "column 'extra' has type time64[us]: deliver it as text, or drop it",
    ),
    refused(
        "a number of 50 digits in Parquet",
        parquet(extra(pa.decimal256(50, 2), Decimal(1))),
        "column 'extra' has type decimal256(50, 2)",
    ),
    refused(
        "a number of 16 bits in Parquet",
        parquet(TABLE.append_column("extra", pa.array([1.5], pa.float32()).cast(pa.float16()))),
        "column 'extra' has type halffloat",
    ),
    refused(
        "one of two files lacks a column",
        lambda landing: (csv(GOOD_CSV)(landing), csv("who\nc1\n", "rest.csv")(landing)),
        "rest.csv has no column 'when'",
    ),
)
