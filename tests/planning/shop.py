"""A shop that has delivered months, and a lake that holds some of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from jobs.core.month import Month
from jobs.lake.lake import Lake
from jobs.lake.tables import TRANSACTIONS, rejected
from jobs.lake.versions import Record
from jobs.landing.deliveries import reading_inputs
from jobs.landing.layouts import SUCCESS
from jobs.plan import main
from jobs.sources import load
from jobs.sources.mapping import delivered_columns
from tests.ingesting import deliveries_of
from tests.periods import put

SOURCE = load("simulated_shop")
OCTOBER, NOVEMBER = Month(2011, 10), Month(2011, 11)


def deliver(landing: Path, table: str, months: Iterable[Month]) -> None:
    for month in months:
        folder = landing / table / f"month={month}"
        folder.mkdir(parents=True)
        columns = delivered_columns(load("simulated_shop", "margin").tables[table])
        (folder / "part.csv").write_text(f"{','.join(columns)}\n{month}{',' * (len(columns) - 1)}\n", encoding="utf-8")
        (folder / SUCCESS).touch()


def deliver_again(landing: Path, month: Month) -> None:
    """Add a row to a month's transactions."""
    with (landing / "transactions" / f"month={month}" / "part.csv").open("a", encoding="utf-8") as file:
        file.write("7,,,,,,\n")


def deliver_customers(landing: Path, month: Month, cities: Sequence[str]) -> None:
    """Deliver a customer list with a customer for each city."""
    folder = landing / "customers" / f"month={month}"
    folder.mkdir(parents=True)
    rows = "".join(f"{number},2011-09-01,annual,{city},FR\n" for number, city in enumerate(cities))
    (folder / "part.csv").write_text(f"customer_id,signup_date,membership,city,country\n{rows}", encoding="utf-8")
    (folder / SUCCESS).touch()


def ingested(lake: Lake, months: Iterable[Month]) -> None:
    """Fill months of a lake as if what lies in the landing place now had been read."""
    delivered = deliveries_of(SOURCE, Path(lake.root).with_name("landing"), lake)["transactions"]
    for month in months:
        complete(lake, TRANSACTIONS, month, landing=delivered.fingerprint(month), **reading_inputs(SOURCE))


def complete(lake: Lake, table: Any, period: Any, **inputs: str) -> None:
    halves = [table, rejected(table)] if table.name.startswith("clean/") else [table]
    for half in halves:
        put(lake, half, period, Record(rows=0, fingerprint="0", inputs=inputs))


def planned(
    capsys: pytest.CaptureFixture[str],
    *,
    run_type: str = "manual",
    logical_date: str = "",
    month: str = "",
    dag_run_id: str = "manual__2011-12-05",
    options: Sequence[str] = (),
) -> dict[str, Any]:
    """The last line of a planning, as the DAG takes it."""
    run = ["--run-type", run_type, "--logical-date", logical_date, "--month", month, "--dag-run-id", dag_run_id]
    main([*run, *options])
    result: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return result
