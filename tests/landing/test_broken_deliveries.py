"""Deliveries that are refused, and the messages."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.lake.lake import Lake
from jobs.landing.file_checks import LandingError
from tests.ingesting import deliveries_of
from tests.landing.test_deliveries import HEADER, SHOP, month_folder


def bomb() -> bytes:
    """A gzip of 200 MB of equal rows."""
    return gzip.compress(HEADER.encode() + b"a,2011-11-05,1\n" * 13_400_000, compresslevel=9)


def workbook_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as workbook:
        workbook.writestr("xl/worksheets/sheet1.xml", b" " * 120_000_000)


BROKEN = {
    "nothing there": (lambda path: None, "contains no transactions: deliver transactions.csv"),
    "an empty file": (lambda path: (path / "transactions.csv").write_bytes(b""), "transactions.csv is empty"),
    "a folder for a file": (
        lambda path: (path / "transactions.parquet").mkdir(),
        "transactions.parquet is a folder where a file was expected",
    ),
    "a truncated gzip": (
        lambda path: (path / "transactions.csv.gz").write_bytes(gzip.compress(b"who,when,paid\n" * 999)[:-20]),
        "transactions.csv.gz is damaged or was not delivered in full",
    ),
    "not a gzip": (
        lambda path: (path / "transactions.csv.gz").write_bytes(b"who,when,paid\n"),
        "transactions.csv.gz is damaged or was not delivered in full",
    ),
    "a truncated Parquet": (
        lambda path: (path / "transactions.parquet").write_bytes(b"PAR1 and no footer"),
        "transactions.parquet is damaged or was not delivered in full",
    ),
    "not a workbook": (
        lambda path: (path / "transactions.xlsx").write_bytes(b"PK\x03\x04"),
        "transactions.xlsx is damaged or was not delivered in full",
    ),
    "a gzip that expands to gigabytes": (
        lambda path: (path / "transactions.csv.gz").write_bytes(bomb()),
        r"transactions.csv.gz expands to more than 100,000,000 bytes, 200 times its size or more",
    ),
    "a workbook that expands to gigabytes": (
        lambda path: workbook_bomb(path / "transactions.xlsx"),
        r"transactions.xlsx expands to more than 100,000,000 bytes",
    ),
    "a million columns": (
        lambda path: (path / "transactions.csv.gz").write_bytes(gzip.compress(b"," * 900_000)),
        r"transactions.csv.gz has 900,001 columns: deliver at most 1,000",
    ),
    "a first line without an end": (
        lambda path: (path / "transactions.csv.gz").write_bytes(gzip.compress(b"," * 9_000_000)),
        r"transactions.csv.gz has a first line of 1,000,000 bytes or more",
    ),
    "a file that is a link to another place": (
        lambda path: (path / "transactions.csv").symlink_to("/etc/passwd"),
        r"transactions.csv is a link that leads out of .*: deliver the file itself",
    ),
    "a missing column": (
        lambda path: (path / "transactions.csv").write_text("who,date,paid\na,2011-11-05,1\n"),
        r"transactions.csv has no column 'when'. It has: 'who', 'date', 'paid'.*mapping of 'Corner shop'",
    ),
    "another delimiter": (
        lambda path: (path / "transactions.csv").write_text("who;when;paid\na;2011-11-05;1\n"),
        r"has no column 'who', 'when', 'paid'. None of the mapped columns is there: .*or its delimiter ','",
    ),
    "a column twice": (
        lambda path: (path / "transactions.csv").write_text("who,when,paid,Paid\na,2011-11-05,1,2\n"),
        "repeats a column name in columns 3, 4: rename",
    ),
    "another encoding": (
        lambda path: (path / "transactions.csv").write_bytes("who,when,paid,Größe\n".encode("latin-1")),
        "is not UTF-8: deliver it in that encoding, or set `encoding`",
    ),
    "times that are numbers": (
        lambda path: pq.write_table(
            pa.table({"who": ["a"], "when": [1.5], "paid": [1]}), path / "transactions.parquet"
        ),
        "column 'when' should hold times but has type double",
    ),
    "no time that can be read": (
        lambda path: (path / "transactions.csv").write_text(HEADER + "a,05.11.2011,1\n"),
        r"no row has a time in column 'when' .* ISO 8601. Set `time_formats`",
    ),
    "a header alone": (
        lambda path: (path / "transactions.csv").write_text(HEADER),
        "no row has a time in column 'when'",
    ),
    "two deliveries": (
        lambda path: [(path / f"transactions{ending}").write_text(HEADER) for ending in (".csv", ".csv.gz")],
        "contains transactions.csv, transactions.csv.gz: keep one of them",
    ),
    "an unknown format": (
        lambda path: [(path / "transactions").mkdir(), (path / "transactions/rows.json").touch()],
        "contains rows.json: only .csv, .csv.gz, .parquet, .xlsx are supported",
    ),
    "months and other files": (
        lambda path: [month_folder(path, "transactions", "2011-11"), (path / "transactions/rest.csv").touch()],
        "contains both month folders and rest.csv: move",
    ),
    "no complete month": (
        lambda path: month_folder(path, "transactions", "2011-11", complete=False),
        "has no month folder with a _SUCCESS",
    ),
    "a month that is none": (
        lambda path: month_folder(path, "transactions", "2011-13"),
        "'2011-13' is not a month|2011-13 is not a month",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_delivery_is_refused_with_the_file_and_the_remedy(kind: str, landing: Path, tmp_path: Path) -> None:
    deliver_broken, message = BROKEN[kind]
    deliver_broken(landing)  # type: ignore[no-untyped-call]

    with pytest.raises(ValueError, match=message):
        deliveries_of(SHOP, landing, Lake(str(tmp_path / "lake")))


def test_a_landing_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LandingError, match="set CLV_LANDING"):
        deliveries_of(SHOP, tmp_path / "nowhere", Lake(str(tmp_path / "lake")))


def test_a_folder_that_is_a_link_to_another_place_is_refused(landing: Path, tmp_path: Path) -> None:
    elsewhere = month_folder(tmp_path / "elsewhere", "transactions", "2011-11")
    (landing / "transactions").mkdir()
    (landing / "transactions" / "month=2011-11").symlink_to(elsewhere, target_is_directory=True)
    with pytest.raises(LandingError, match=r"month=2011-11/part\.csv is a link that leads out of"):
        deliveries_of(SHOP, landing, Lake(str(tmp_path / "lake")))


def test_a_link_within_the_landing_and_a_landing_that_is_a_link_are_deliveries(landing: Path, tmp_path: Path) -> None:
    (landing / "_export.csv").write_text(f"{HEADER}a,2011-11-05,1\n")
    (landing / "transactions.csv").symlink_to(landing / "_export.csv")
    linked = tmp_path / "linked"
    linked.symlink_to(landing, target_is_directory=True)
    assert set(deliveries_of(SHOP, linked, Lake(str(tmp_path / "lake")))) == {"transactions"}
