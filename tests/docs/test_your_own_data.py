"""The examples of docs/your_own_data.md do what the page says."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

import jobs.sources
from jobs.core.month import Month
from jobs.lake import tables
from jobs.lake.arrow import read_rows
from jobs.lake.lake import Lake
from jobs.sources import load
from tests.conftest import ROOT
from tests.ingesting import deliveries_of, ingest_all, stored

PAGE = (ROOT / "docs" / "your_own_data.md").read_text(encoding="utf-8")


def example(language: str, name: str) -> str:
    """The page's code block of that language and name."""
    block = re.search(rf"^```{language} {name}\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert block, f"the page has no block {language} {name}"
    return block[1]


@pytest.fixture(autouse=True)
def own_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's mappings as modules beside those of the repository."""
    folder = tmp_path / "sources"
    folder.mkdir()
    for name in ("market_stall", "corner_shop"):
        (folder / f"{name}.py").write_text(example("python", name), encoding="utf-8")
    monkeypatch.setattr(jobs.sources, "__path__", [*jobs.sources.__path__, str(folder)])


def test_the_corner_shop_is_ingested_as_the_page_shows(spark: SparkSession, tmp_path: Path) -> None:
    landing, lake = tmp_path / "landing", Lake(str(tmp_path / "lake"))
    landing.mkdir()
    for table in ("transactions", "products"):
        (landing / f"{table}.csv").write_text(example("csv", table), encoding="utf-8")

    ingest_all(spark, load("corner_shop"), landing, lake, date(2025, 11, 1))

    october = Month(2025, 10)
    clean = [";".join(row[:-1]) for row in stored(spark, lake, tables.TRANSACTIONS)]
    header, *lines = example("csv", "clean").splitlines()
    assert header == ";".join(tables.TRANSACTIONS.names)
    assert clean == lines
    refused = read_rows(lake, tables.rejected(tables.TRANSACTIONS), [october]).to_pylist()
    rows = [(row["raw"], ",".join(row["rejected_for"])) for row in refused]
    assert sorted(f"{raw};{reasons}" for raw, reasons in rows) == example("csv", "rejected").splitlines()[1:]


def test_three_columns_are_a_mapping(tmp_path: Path) -> None:
    (tmp_path / "till.csv").write_text("card,day,paid\n1,2025-10-01,5.00\n1,2025-11-01,5.00\n1,2025-11-03,2.00\n")

    delivered = deliveries_of(load("market_stall"), tmp_path / "till.csv", Lake(str(tmp_path / "lake")))

    assert delivered["transactions"].last_closed == Month(2025, 10)
