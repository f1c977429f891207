"""Measure each published forecast once its first 1, 3, 6 and 12 months are over, and keep what was measured current."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd
from sqlalchemy import Connection, Engine

from jobs.accuracy.segments import accuracy_rows
from jobs.core.code_version import code_fingerprint
from jobs.core.month import HORIZON_MONTHS, HORIZONS, Month
from jobs.core.postgres import fetch, statement
from jobs.core.value_basis import NET_REVENUE

log = logging.getLogger(__name__)

_ROWS_AT_ONCE = 100_000


@dataclass(frozen=True)
class Matured:
    """A published forecast over a horizon whose months are over.

    Attributes:
        load_id: the load.
        as_of: the first day of the horizon.
        months: how long it is.
        value_basis: the measure of value.
    """

    load_id: int
    as_of: date
    months: int
    value_basis: str = NET_REVENUE

    @property
    def ahead(self) -> list[Month]:
        """The months of the horizon."""
        return [Month.of(self.as_of).plus(month) for month in range(self.months)]

    @property
    def year_before(self) -> list[Month]:
        """The twelve months before it."""
        return [Month.of(self.as_of).plus(-month) for month in range(HORIZON_MONTHS, 0, -1)]

    def fingerprint(self, actuals: Mapping[Month, str]) -> str:
        """Hash of what its accuracy follows from: the code, and the actual months from a year before it on."""
        used = [f"{month} {actuals[month]}" for month in (*self.year_before, *self.ahead) if month in actuals]
        return hashlib.sha256("\n".join([code_fingerprint(__name__), *used]).encode()).hexdigest()


def measure_published(engine: Engine, value_basis: str = NET_REVENUE) -> int:
    """Measure every published forecast that has matured and was not measured with the same data; how many they were."""
    measured = 0
    loads = fetch(engine, "measured_loads", value_basis=value_basis)
    known = {(row["load_id"], row["horizon_months"]): row["inputs_fingerprint"] for row in loads}
    loaded = fetch(engine, "actual_months", value_basis=value_basis)
    actuals = {Month.of(row["month"]): row["lake_fingerprint"] for row in loaded}
    for load_id, as_of in dict.fromkeys((row["load_id"], row["as_of"]) for row in loads):
        for months in HORIZONS:
            matured = Matured(load_id, as_of, months, value_basis)
            if not actuals.keys() >= set(matured.ahead):
                break
            if known.get((load_id, months)) != matured.fingerprint(actuals):
                _measure(engine, matured)
                measured += 1
    return measured


def _measure(engine: Engine, matured: Matured) -> None:
    """Measure in one snapshot of the database, so that months which are replaced meanwhile do not mix."""
    isolated = engine.execution_options(isolation_level="REPEATABLE READ")
    with isolated.begin() as connection:
        months = connection.execute(statement("actual_months"), {"value_basis": matured.value_basis}).mappings()
        actuals = {Month.of(row["month"]): row["lake_fingerprint"] for row in months}
        customers = _outcomes(connection, matured)
        key = {"load_id": matured.load_id, "horizon_months": matured.months}
        connection.execute(statement("begin_accuracy"), {**key, "inputs_fingerprint": matured.fingerprint(actuals)})
        known_months = len(actuals.keys() & set(matured.year_before))
        rows = accuracy_rows(customers, matured.months, known_months)
        connection.execute(statement("record_accuracy"), [key | row for row in rows])
    log.info("Measured the %d months from %s on: %d customers", matured.months, matured.as_of, len(customers))


def _outcomes(connection: Connection, matured: Matured) -> pd.DataFrame:
    parameters: dict[str, int | str | date] = {
        "value_basis": matured.value_basis,
        "load_id": matured.load_id,
        "months": matured.months,
        "as_of": matured.as_of,
        "year_before": matured.year_before[0].first_day,
        "until": matured.ahead[-1].as_of,
    }
    query = statement("outcomes_of_load").execution_options(stream_results=True)
    chunks = pd.read_sql(query, connection, params=parameters, chunksize=_ROWS_AT_ONCE)
    return pd.concat(list(chunks), ignore_index=True)
