"""Forecasts for tests: written to a lake as the scoring job leaves them, published, and read back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest
from sqlalchemy import Engine, RowMapping, text

from jobs.core.month import HORIZONS
from jobs.core.postgres import execute, fetch, statement
from jobs.core.settings import MODEL
from jobs.lake.arrow import read_rows, write_period
from jobs.lake.first_month_tables import FIRST_MONTH, FIRST_MONTH_ACCURACY
from jobs.lake.lake import Lake
from jobs.lake.tables import FORECAST_MONTHS, FORECASTS
from jobs.lake.versions import Record
from jobs.publishing import copy, standard
from jobs.publishing.standard import Publication
from jobs.sources import load
from tests.conftest import Database
from tests.periods import planned, put
from tests.snapshots import SOURCE, TABLE, write_snapshots

OCTOBER, NOVEMBER, DECEMBER = date(2011, 10, 1), date(2011, 11, 1), date(2011, 12, 1)
SHOP = load(SOURCE)
CUSTOMERS = ("12346", "12347", "12348")

BY_HAND = {"made": "by hand"}
"""The inputs of a snapshot that holds the customers of a forecast, and nothing else."""

MONEY = [column.name for column in FORECASTS.columns if column.type.startswith("decimal")]

_ARROW = {"string": pa.string(), "decimal(18,2)": pa.decimal128(18, 2), "double": pa.float64(), "bigint": pa.int64()}
SCHEMA = pa.schema([(column.name, _ARROW[column.type]) for column in FORECASTS.columns])


def row(
    customer_id: str, *, level: str = "10.00", model_version: int = 3, p_active_12m: float = 1 / 3, **changed: object
) -> dict[str, object]:
    """A customer worth `level` more each month than the month before."""
    months = [Decimal(level) * h for h in range(1, 13)]
    total = sum(months, Decimal(0))
    return {
        "customer_id": customer_id,
        "clv_1m": months[0],
        "clv_3m": sum(months[:3], Decimal(0)),
        "clv_6m": sum(months[:6], Decimal(0)),
        "clv_12m": total,
        "clv_12m_p10": min(total / 2, total * 2),
        "clv_12m_p90": max(total / 2, total * 2),
        **dict(zip(FORECAST_MONTHS, months, strict=True)),
        "status": "active",
        "method": "model",
        "model_version": model_version,
        "reason_1": "higher: ordered recently",
        "reason_2": "lower: small orders",
        "reason_3": None,
        **{f"p_active_{h}m": p_active_12m * h / 12 for h in HORIZONS},
        **{f"variance_{h}m": float(sum(months[:h], Decimal(0))) ** 2 for h in HORIZONS},
        **changed,
    }


def new_customer(
    customer_id: str, *, level: str = "5.00", model_version: int = 7, **changed: object
) -> dict[str, object]:
    """A customer whose first month was completed on 20 November 2011, worth `level` each month."""
    months = [Decimal(level)] * 12
    total = sum(months, Decimal(0))
    return {
        "customer_id": customer_id,
        "first_ordered_on": date(2011, 10, 21),
        "completed_on": date(2011, 11, 20),
        "clv_12m": total,
        "clv_12m_p10": total / 2,
        "clv_12m_p90": total * 2,
        "p_active_12m": 0.25,
        **dict(zip(FORECAST_MONTHS, months, strict=True)),
        "method": "first_month",
        "model_version": model_version,
        "reason_1": "lower: small orders",
        "reason_2": None,
        "reason_3": None,
        **changed,
    }


def write_new_customers(
    lake: Lake,
    as_of: date,
    rows: Sequence[dict[str, object]],
    accuracy: Sequence[dict[str, object]] = (),
    **inputs: str,
) -> None:
    """Write the forecasts of new customers, made beside the month's forecasts in the lake; `inputs` replaces theirs."""
    made_beside = {"forecasts": lake.record(FORECASTS, as_of).fingerprint} | inputs
    for table, content in ((FIRST_MONTH, rows), (FIRST_MONTH_ACCURACY, accuracy)):
        write_period(pd.DataFrame(content, columns=table.names), lake, table, as_of, made_beside)


def write(
    lake: Lake,
    as_of: date,
    rows: Sequence[dict[str, object]],
    *,
    files: int = 1,
    recorded: Mapping[str, object] | None = None,
) -> None:
    """Write rows as a month's forecast, made from the snapshot in the lake; `recorded` replaces parts of its record."""
    if not lake.is_complete(TABLE, as_of) or lake.record(TABLE, as_of).inputs == BY_HAND:
        write_customers(lake, as_of, {str(entry["customer_id"]): {} for entry in rows})
    versions = {entry["model_version"] for entry in rows}
    inputs = {
        "features": lake.record(TABLE, as_of).fingerprint,
        "model": f"{MODEL}/{max(versions, default=3)} sha256",  # type: ignore[type-var]
    }
    sums = {name: str(sum((entry[name] for entry in rows), Decimal(0))) for name in MONEY}  # type: ignore[arg-type]
    fingerprint = hashlib.sha256("\n".join(sorted(map(repr, rows))).encode("utf-8", "surrogatepass")).hexdigest()
    record = {"rows": len(rows), "fingerprint": fingerprint, "inputs": inputs, "sums": sums} | dict(recorded or {})
    parts = [pa.Table.from_pylist(list(rows[number::files]), SCHEMA) for number in range(files)]
    put(lake, FORECASTS, as_of, Record(**record), *parts)  # type: ignore[arg-type]
    write_new_customers(lake, as_of, [])


def write_customers(lake: Lake, as_of: date, customers: Mapping[str, Mapping[str, object]]) -> None:
    """Write a snapshot of customers and what is known of each; a snapshot's fingerprint stays as it is."""
    kept = lake.record(TABLE, as_of).fingerprint if lake.is_complete(TABLE, as_of) else "snapshot"
    nothing = {**dict.fromkeys(TABLE.names), "orders_lifetime": 0, "net_value_lifetime": Decimal(0)}
    rows = [nothing | dict(known) | {"customer_id": customer_id} for customer_id, known in customers.items()]
    write_snapshots(lake, {as_of: pd.DataFrame(rows, columns=TABLE.names)})
    write_snapshot(lake, as_of, kept)


def write_snapshot(lake: Lake, as_of: date, fingerprint: str = "snapshot") -> None:
    """Write another record of a snapshot beside its rows, if there are any."""
    rows = read_rows(lake, TABLE, [as_of] if lake.is_complete(TABLE, as_of) else [])
    put(lake, TABLE, as_of, Record(rows=len(rows), fingerprint=fingerprint, inputs=BY_HAND), rows)


def scored(engine: Engine, lake: Lake, as_of: date, run_id: int) -> None:
    """Record the forecast in the lake, and the version that made it, as those of a run, as its scoring does."""
    record = lake.record(FORECASTS, as_of)
    execute(engine, "set_run_forecast", run_id=run_id, fingerprint=record.fingerprint)
    name, _, version = record.inputs["model"].partition(" ")[0].partition("/")
    execute(engine, "set_run_model", run_id=run_id, model_name=name, model_version=int(version))


def publish(engine: Engine, lake: Lake, *, as_of: date, run_id: int) -> Publication:
    """Publish the forecast in the lake as the run's; meanwhile a real snapshot holds the forecast's customers alone."""
    scored(engine, lake, as_of, run_id)
    if lake.record(TABLE, as_of).inputs == BY_HAND:
        return standard.publish(engine, lake, SHOP, as_of=as_of, run_id=run_id)
    record, snapshot = lake.record(TABLE, as_of), read_rows(lake, TABLE, [as_of])
    ids = read_rows(lake, FORECASTS, [as_of], ["customer_id"])["customer_id"]
    write_customers(lake, as_of, {customer_id: {} for customer_id in ids.to_pylist()})
    try:
        return standard.publish(engine, lake, SHOP, as_of=as_of, run_id=run_id)
    finally:
        put(lake, TABLE, as_of, record, snapshot)


def plan(
    engine: Engine, as_of: date, *, lake: Lake | None = None, trigger: str = "manual", **parameters: object
) -> int:
    """Register a run of a month, on net revenue by default, in the database and in `lake`, if given; its id."""
    [run] = fetch(
        engine,
        "plan_run",
        as_of=as_of,
        dag_run_id=f"{trigger}__{as_of}",
        trigger=trigger,
        source="simulated_shop",
        currency="EUR",
        input_fingerprint="abc",
        code_version="1",
        note="a note",
        **{"value_basis": "net_revenue"}
        | {"is_dry_run": False, "model_choice": "as_of", "restate": "refuse", "plan": None}
        | parameters,
    )
    if lake is not None:
        planned(lake, as_of, run["run_id"])
    return int(run["run_id"])


def publish_new_run(
    database: Database, lake: Lake, as_of: date, *, level: str = "10.00", model_version: int = 3
) -> int:
    """Plan a run, write its forecast of CUSTOMERS and publish it; the run's id."""
    run_id = plan(database.writer, as_of)
    write(lake, as_of, [row(customer, level=level, model_version=model_version) for customer in CUSTOMERS])
    publish(database.writer, lake, as_of=as_of, run_id=run_id)
    return run_id


def seen(database: Database, view: str = "forecast") -> list[RowMapping]:
    """What BI sees in a view, ordered by month and customer."""
    with database.reader.connect() as connection:
        return list(connection.execute(text(f"SELECT * FROM clv.{view} ORDER BY 1, 2, 3")).mappings())  # noqa: S608


def count(database: Database, table: str) -> int:
    """How many rows a table holds."""
    with database.owner.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM clv.{table}")).scalar_one())  # noqa: S608


def before_statement(monkeypatch: pytest.MonkeyPatch, name: str, act: Callable[[], object]) -> None:
    """Have something happen right before publish sends a statement."""

    def interrupted(query: str) -> object:
        if query == name:
            act()
        return statement(query)

    monkeypatch.setattr(standard, "statement", interrupted)
    monkeypatch.setattr(copy, "statement", interrupted)
