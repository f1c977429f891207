"""A list without a customer: every other row stays as it was delivered."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.core.month import Month
from jobs.erasure.marks import Marks
from jobs.lake.lake import Lake
from jobs.landing.cache import Kept
from jobs.landing.kept_lists import KeptLists
from jobs.sources.mapping import Source
from tests.corner_shop import SHOP

NOVEMBER = Month(2011, 11)
ID = "Card"


def erased(tmp_path: Path, file: Path, *customers: str, source: Source = SHOP) -> Path:
    """Keep a list, and erase customers from it; the file that is kept then."""
    lists = KeptLists("customers", Kept(tmp_path / "cache", Lake(str(tmp_path / "lake"))))
    lists.keep(NOVEMBER, [file])
    lists.leave_out(Marks(customers, source).left_out(ID))
    [kept] = lists.files(NOVEMBER)
    return kept


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("name", ["customers.csv", "customers.csv.gz"])
def test_other_lines_stay_byte_by_byte(tmp_path: Path, name: str, ending: str) -> None:
    lines = [
        f"{ID},City",
        'c1,"Lon""don"',
        'c2,"two',
        'lines, c2"',
        "c22,Paris",
        '"c2",Rome',
        "c3,c2",
        "c2,too,many",
        "also,too,many",
        "",
    ]
    stays = [*lines[:2], *lines[4:5], lines[6], *lines[8:]]
    opened = gzip.open if name.endswith(".gz") else open
    with opened(tmp_path / name, "wb") as file:
        file.write(ending.join(lines).encode() + b"c4,\xff\n")
    kept = erased(tmp_path, tmp_path / name, "c2")
    assert kept.name == name
    with opened(kept, "rb") as file:
        assert file.read() == ending.join(stays).encode() + b"c4,\xff\n"


def test_other_rows_of_parquet_stay(tmp_path: Path) -> None:
    rows = pa.table({ID: [12347.0, 12348.0, None], "City": ["a", "b", None]})
    pq.write_table(rows, tmp_path / "customers.parquet")
    kept = erased(tmp_path, tmp_path / "customers.parquet", "12347", source=replace(SHOP, ids_as_floats=True))
    assert pq.read_table(kept).equals(rows.slice(1))


def test_a_list_without_them_is_not_written_again(tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text(f"{ID},City\nc1,x\n")
    erased(tmp_path, tmp_path / "customers.csv", "c2")
    assert len(list((tmp_path / "lake/delivered/customers/_delta_log").glob("*.json"))) == 2
