"""A simulated shop for the service: raw rows, a trained champion and a published month, without Spark and Airflow."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from sqlalchemy import Engine

from jobs.cleaning.rows import Delivered, clean_transactions
from jobs.core.month import Month
from jobs.core.postgres import execute, fetch
from jobs.core.settings import MODEL
from jobs.features.rfm_cuts import NONE, RFM_MEASURES, RfmCuts
from jobs.features.single.customer import CustomerHistory, customer_features
from jobs.features.table import features
from jobs.forecasting.params import ModelParams
from jobs.lake.arrow import write_period, write_rows
from jobs.lake.first_month_tables import FIRST_MONTH, FIRST_MONTH_ACCURACY
from jobs.lake.lake import Lake
from jobs.lake.rows import Line
from jobs.lake.schemas import arrow_schema
from jobs.lake.tables import FORECASTS, PRODUCTS, Table
from jobs.lake.versions import Period, Record
from jobs.models.model_version import unpack
from jobs.models.registry import Registry
from jobs.models.training import train
from jobs.models.training_data import read_history
from jobs.publishing import standard
from jobs.simulation.deliveries import Shop
from jobs.simulation.shop import simulate
from jobs.sources import load

NAME = "simulated_shop"
SOURCE = load(NAME)
TABLE = features(SOURCE.departments)
MONTHS, END = 26, Month(2025, 6)
AS_OF = END.as_of
LATER = END.plus(1).as_of

Texts = dict[str, str | None]


@dataclass(frozen=True)
class RawShop:
    """What the shop has delivered.

    Attributes:
        rows: customer → order lines, as text.
        products: article → department.
    """

    rows: Mapping[str, Sequence[Texts]]
    products: Mapping[str, str]

    @classmethod
    def simulated(cls, customers: int, folder: Path) -> RawShop:
        """Simulate a shop; its files are written to a folder."""
        simulate(Shop(customers=customers, months=MONTHS, seed=1, end=END), folder)
        rows: defaultdict[str, list[Texts]] = defaultdict(list)
        for file in sorted((folder / "transactions").glob("month=*/*.csv*")):
            for row in _rows(file):
                if row["customer_id"] is not None:
                    rows[row["customer_id"]].append(row)
        listed = _rows(folder / "products.csv")
        return cls(rows, {str(row["product_id"]): str(row["department"]) for row in listed})

    def lines(self) -> dict[str, list[Line]]:
        """The clean order lines of each customer."""
        first = END.plus(1 - MONTHS)
        delivered = Delivered(first=first, last=END, products={first: self.products})
        return {customer: clean_transactions(rows, SOURCE, delivered).lines for customer, rows in self.rows.items()}


def champion(shop: RawShop, lake: Lake, registry: Registry) -> int:
    """Write the shop's snapshots and products to a lake, train on them, and make the version the champion."""
    first = END.plus(1 - MONTHS)
    listed = [{"product_id": product, "department": department} for product, department in shop.products.items()]
    write(lake, PRODUCTS, first, listed)
    lines = shop.lines()
    for month in first.through(END):
        write(lake, TABLE, month.as_of, _snapshot(lines, month.as_of))
    number = train(lake, TABLE, registry, as_of=AS_OF, params=ModelParams())
    registry.alias("champion", number)
    return number


def another_version(shop: RawShop, lake: Lake, registry: Registry) -> int:
    """Write the snapshot of a later month to a lake, and train a version that forecasts otherwise than the champion."""
    write(lake, TABLE, LATER, _snapshot(shop.lines(), LATER))
    return train(lake, TABLE, registry, as_of=AS_OF, params=ModelParams(rounds=20))


def publish(lake: Lake, registry: Registry, number: int, database: Engine, *, as_of: date = AS_OF) -> list[str]:
    """Forecast a snapshot with a version, and publish it; the customers."""
    frame = read_history(lake, TABLE, ModelParams().max_customers, [as_of])[as_of]
    forecast = unpack(registry.fetch(number)).predict(frame, as_of=as_of).assign(model_version=number)
    rows = forecast.to_dict("records")
    sums = {name: str(sum((row[name] for row in rows), Decimal(0))) for name in FORECASTS.money}
    inputs = {"features": lake.record(TABLE, as_of).fingerprint, "model": f"{MODEL}/{number} benchmark"}
    write(lake, FORECASTS, as_of, rows, inputs=inputs, sums=sums)
    for table in (FIRST_MONTH, FIRST_MONTH_ACCURACY):
        made_beside = {"forecasts": lake.record(FORECASTS, as_of).fingerprint}
        write_period(pd.DataFrame(), lake, table, as_of, made_beside)
    run_id = plan(database, as_of)
    execute(database, "set_run_forecast", run_id=run_id, fingerprint=lake.record(FORECASTS, as_of).fingerprint)
    execute(database, "set_run_model", run_id=run_id, model_name=MODEL, model_version=number)
    standard.publish(database, lake, SOURCE, as_of=as_of, run_id=run_id)
    return [str(row["customer_id"]) for row in rows]


def plan(database: Engine, as_of: date) -> int:
    """Register a run of a month; its id."""
    [run] = fetch(database, "plan_run", **_RUN, as_of=as_of, dag_run_id=f"benchmark {as_of}")
    return int(run["run_id"])


def write(
    lake: Lake,
    table: Table,
    period: Period,
    rows: Sequence[Mapping[Any, Any]],
    *,
    inputs: Mapping[str, str] | None = None,
    sums: Mapping[str, str] | None = None,
) -> None:
    """Put a complete period into a lake."""
    content = hashlib.sha256(repr(rows).encode()).hexdigest()
    record = Record(rows=len(rows), fingerprint=content, inputs=inputs or {}, sums=sums or {})
    write_rows([pa.Table.from_pylist(list(rows), arrow_schema(table))], lake, table, period, record)


def _snapshot(lines: Mapping[str, Sequence[Line]], as_of: date) -> list[dict[str, Any]]:
    rows = list(_features(lines, as_of, NONE))
    return list(_features(lines, as_of, RfmCuts.of({name: [row[name] for row in rows] for name in RFM_MEASURES})))


def _features(lines: Mapping[str, Sequence[Line]], as_of: date, cuts: RfmCuts) -> Iterator[dict[str, Any]]:
    for customer, bought in lines.items():
        history = CustomerHistory(customer_id=customer, lines=bought)
        row = customer_features(history, as_of=as_of, departments=SOURCE.departments, cuts=cuts, has_logins=False)
        if row is not None:
            yield row


def _rows(file: Path) -> list[Texts]:
    frame = pd.read_csv(file, dtype=str, keep_default_na=False, na_values=[""], on_bad_lines="skip")
    records = frame.to_dict("records")
    return [{str(name): text if isinstance(text, str) else None for name, text in row.items()} for row in records]


_RUN = {
    "trigger": "manual",
    "source": NAME,
    "currency": SOURCE.currency,
    "input_fingerprint": "benchmark",
    "code_version": "benchmark",
    "note": "benchmark",
    "value_basis": "net_revenue",
    "is_dry_run": False,
    "model_choice": "as_of",
    "restate": "refuse",
    "plan": None,
}
