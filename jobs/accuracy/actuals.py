"""Keep `clv.actual` equal to the lake: what each customer brought and ordered in each calendar month."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from sqlalchemy import Engine

from jobs.core.month import Month
from jobs.core.postgres import fetch, statement
from jobs.core.value_basis import NET_REVENUE
from jobs.lake.arrow import read_rows
from jobs.lake.lake import Lake
from jobs.lake.tables import ALL_DEPARTMENTS, DAILY
from jobs.publishing.copy import copy_rows

log = logging.getLogger(__name__)


def load_actuals(engine: Engine, lake: Lake, until: Month, currency: str, value_basis: str = NET_REVENUE) -> int:
    """Load every month up to `until` whose rows in the lake are not those that were loaded last; how many rows.

    The lake is one that reads each table in one version.
    """
    loaded = {
        Month.of(row["month"]): row["lake_fingerprint"]
        for row in fetch(engine, "actual_months", value_basis=value_basis)
    }
    rows = 0
    for month in map(Month.parse, lake.periods(DAILY)):
        if month <= until and loaded.get(month) != lake.record(DAILY, month).fingerprint:
            rows += _load(engine, lake, month, {"currency": currency, "value_basis": value_basis})
    return rows


def _load(engine: Engine, lake: Lake, month: Month, counted_in: Mapping[str, str]) -> int:
    cleared = {"month": month.first_day, "value_basis": counted_in["value_basis"]}
    with engine.begin() as connection:
        connection.execute(statement("clear_actual_month"), cleared)
        recorded = {"month": month.first_day, **counted_in, "lake_fingerprint": lake.record(DAILY, month).fingerprint}
        copy_rows(connection, "copy_actual", _csv(lake, month, counted_in["value_basis"]))
        totals = connection.execute(statement("record_actual_month"), recorded).mappings().one()
    log.info("Loaded %s: %d customers brought %s", month, totals["customers"], totals["net_value_total"])
    return int(totals["customers"])


def _csv(lake: Lake, month: Month, value_basis: str) -> Iterator[io.BytesIO]:
    """The month's rows, one a customer, in the order of the customers."""
    is_total = pc.field("department") == ALL_DEPARTMENTS
    days = read_rows(lake, DAILY, [month], ["customer_id", "net_value", "orders"], is_total)
    customers = days.group_by("customer_id").aggregate([("net_value", "sum"), ("orders", "sum")])
    customers = customers.sort_by("customer_id")
    first_day = pa.repeat(str(month.first_day), len(customers))
    columns = [
        pa.repeat(value_basis, len(customers)),
        first_day,
        customers["customer_id"],
        customers["net_value_sum"].cast(pa.string()),
        customers["orders_sum"],
    ]
    csv = io.BytesIO()
    options = pa_csv.WriteOptions(include_header=False)
    pa_csv.write_csv(
        pa.table(columns, names=["value_basis", "month", "customer_id", "net_value", "orders"]), csv, options
    )
    csv.seek(0)
    yield csv
