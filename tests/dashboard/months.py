"""Months of a small shop in a Postgres that a BI tool reaches over TCP."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from sqlalchemy import URL, Engine

from jobs.accuracy.actuals import load_actuals
from jobs.accuracy.record import measure_published
from jobs.core.month import HORIZONS, Month
from jobs.core.postgres import execute, fetch, statement
from jobs.features.table import lag_name
from jobs.lake.lake import Lake
from tests.accuracy.days import write_days
from tests.forecasts import plan, publish, row, write, write_customers
from tests.readers import readable_server

FIRST, MONTHS, BEFORE = Month(2010, 6), 16, 6
CUSTOMERS = 120
COUNTRIES, MEMBERSHIPS = ("Italy", "Norway", "Portugal"), ("annual", "monthly", "none")
STATUSES = ("active", "dormant", "lapsing", "new")


@contextmanager
def published_months(folder: Path, password: str) -> Iterator[URL]:
    """Sixteen published months and what came; the address at which `clv_reader` reads them."""
    with readable_server(folder, password) as database:
        _publish(database.writer, Lake(str(folder / "lake")))
        yield database.reader


def _publish(writer: Engine, lake: Lake) -> None:
    draw = random.Random(1)
    worth = [draw.lognormvariate(2, 1) for _ in range(CUSTOMERS)]
    for ahead in range(-BEFORE, MONTHS):
        brought = {
            f"c{i:03d}": f"{worth[i] * draw.uniform(1, 12):.2f}" for i in range(CUSTOMERS) if draw.random() < 0.6
        }
        write_days(lake, FIRST.plus(ahead), brought)
    for month in FIRST.through(FIRST.plus(MONTHS - 1)):
        run_id = plan(writer, month.as_of)
        for months in HORIZONS:
            execute(writer, "set_run_level", run_id=run_id, horizon_months=months, variance=0.01, quantile=1.5)
        customers = {f"c{i:03d}": _known(i, worth[i]) for i in range(CUSTOMERS)}
        write(
            lake,
            month.as_of,
            [
                row(customer, level=f"{worth[i] * draw.uniform(0.5, 1.5):.2f}", status=STATUSES[i % len(STATUSES)])
                for i, customer in enumerate(customers)
            ],
        )
        write_customers(lake, month.as_of, customers)
        publish(writer, lake, as_of=month.as_of, run_id=run_id)
    load_actuals(writer, lake, FIRST.plus(MONTHS - 1), "EUR")
    measure_published(writer)
    _explain(writer, FIRST.plus(MONTHS - 1).as_of)


def _known(number: int, worth: float) -> dict[str, object]:
    return {
        "country": COUNTRIES[number % len(COUNTRIES)],
        "city": ("Turin", "Bergen", "Porto")[number % len(COUNTRIES)],
        "membership": MEMBERSHIPS[number % len(MEMBERSHIPS)],
        "first_ordered_on": date(2009, 1 + number % 12, 3),
        "last_ordered_on": date(2010, 5, 1),
        "orders_lifetime": number % 20,
        lag_name("net_value", 1): worth * 3,
        "net_value_365d": worth * 20,
    }


def _explain(writer: Engine, as_of: date) -> None:
    """Record a bridge to a month, and one distribution that has drifted."""
    [loads] = fetch(writer, "bridge_loads", as_of=as_of, value_basis="net_revenue")
    ends = {"load_id": loads["load_id"], "before_load_id": loads["before_load_id"]}
    for order, (step, net_value) in enumerate((("start", 900), ("behaviour", -50), ("end", 850)), start=1):
        values = {"step_order": order, "step": step, "net_value": net_value, "customers": CUSTOMERS}
        with writer.begin() as connection:
            connection.execute(statement("record_bridge"), ends | values)
    known = {"kind": "mix", "name": "status", "statistic": "psi", "value": 0.3, "threshold": 0.25}
    shares = {"bins": ["active", "new"], "reference_shares": [0.5, 0.5], "month_shares": [0.8, 0.2]}
    months = {"first_as_of": as_of, "last_as_of": as_of}
    with writer.begin() as connection:
        connection.execute(statement("record_drift"), {"load_id": loads["load_id"]} | known | shares | months)
