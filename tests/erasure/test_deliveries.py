"""Which delivered files still hold rows of a customer, whatever the type of the ids."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.core.month import Month
from jobs.core.settings import Settings
from jobs.erasure.deliveries import files_that_name
from jobs.erasure.marks import Marks
from jobs.sources.mapping import Source
from tests.corner_shop import LINES, SHOP, deliver_month

FLOATS = replace(SHOP, ids_as_floats=True)
ORDERS = {"order": ["1"], "when": ["2011-11-05"], "qty": ["1"], "price": ["1"], "sku": ["A"]}


def found(landing: Path, tmp_path: Path, customer: str, source: Source = SHOP) -> list[str]:
    settings = Settings(environ={"CLV_LANDING": str(landing), "CLV_LAKE": str(tmp_path / "lake")})
    return [path.name for path in files_that_name(settings, source, Marks([customer], source))]


@pytest.mark.parametrize(
    ("ids", "source"),
    [
        (pa.array(["12347"]), SHOP),
        (pa.array([12347]), SHOP),
        (pa.array([12347.0]), FLOATS),
        (pa.array(["12347"]).dictionary_encode(), SHOP),
        (pa.array(["12347"], pa.large_string()), SHOP),
    ],
    ids=["text", "integers", "floats", "a dictionary", "large text"],
)
def test_ids_of_any_type(landing: Path, tmp_path: Path, ids: pa.Array, source: Source) -> None:
    pq.write_table(pa.table(ORDERS | {"who": ids}), landing / "transactions.parquet")
    assert found(landing, tmp_path, "12347", source) == ["transactions.parquet"]
    assert found(landing, tmp_path, "2347", source) == []


def test_text_of_parquet_is_utf_8_whatever_the_mapping_says_of_csv(landing: Path, tmp_path: Path) -> None:
    pq.write_table(pa.table(ORDERS | {"who": ["Zoë"]}), landing / "transactions.parquet")
    assert found(landing, tmp_path, "Zoë", replace(SHOP, encoding="ISO-8859-1")) == ["transactions.parquet"]


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_searched(
    landing: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for month in (10, 11):
        deliver_month(landing, "transactions", Month(2011, month), LINES)
    damaged = landing / "transactions/month=2011-10/part-0.csv.gz"
    damaged.write_bytes(gzip.compress(b"no header\na row\n"))
    assert found(landing, tmp_path, "c2") == [damaged.name]
    assert f"{damaged} could not be searched" in " ".join(record.getMessage() for record in caplog.records)
