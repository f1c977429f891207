"""A shop that has delivered months, and a lake that holds some of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from jobs.core.month import Month
from jobs.lake.lake import SUCCESS, Lake, Record
from jobs.lake.tables import TRANSACTIONS
from jobs.landing.deliveries import reading_inputs
from jobs.landing.files import files_fingerprint
from jobs.plan import main
from jobs.sources import load

OCTOBER, NOVEMBER = Month(2011, 10), Month(2011, 11)


def deliver(landing: Path, table: str, months: Iterable[Month]) -> None:
    for month in months:
        folder = landing / table / f"month={month}"
        folder.mkdir(parents=True)
        (folder / "part.csv").write_text(f"customer_id\n{month}\n", encoding="utf-8")
        (folder / SUCCESS).touch()


def deliver_customers(landing: Path, month: Month, cities: Sequence[str]) -> None:
    """Deliver a customer list with a customer for each city."""
    folder = landing / "customers" / f"month={month}"
    folder.mkdir(parents=True)
    rows = "".join(f"{number},2011-09-01,annual,{city},FR\n" for number, city in enumerate(cities))
    (folder / "part.csv").write_text(f"customer_id,signup_date,membership,city,country\n{rows}", encoding="utf-8")
    (folder / SUCCESS).touch()


def ingested(lake: Lake, months: Iterable[Month]) -> None:
    """Fill months of a lake as if what lies in the landing place now had been read."""
    for month in months:
        landing = landing_of(lake.root.with_name("landing"), month)
        complete(lake, TRANSACTIONS, month, landing=landing, **reading_inputs(load("simulated_shop")))


def landing_of(landing: Path, month: Month) -> str:
    return files_fingerprint([landing / "transactions" / f"month={month}" / "part.csv"])


def complete(lake: Lake, table: Any, period: Any, **inputs: str) -> None:
    with lake.staging(table) as staged:
        lake.promote(staged / "period", table, period, Record(rows=0, fingerprint="0", inputs=inputs))


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
