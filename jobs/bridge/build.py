"""Build the bridge to a published month: score last month's snapshot again, and record what the total changed by."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pandas as pd
from pyspark.sql import functions as F
from sqlalchemy import Engine, RowMapping

from jobs.bridge.steps import COLUMNS, END, START, Step, steps
from jobs.core.month import Month, previous_as_of
from jobs.core.postgres import fetch, statement
from jobs.core.refusal import RefusedError
from jobs.core.spark import session
from jobs.core.value_basis import NET_REVENUE
from jobs.lake.frames import read_periods
from jobs.lake.lake import Lake
from jobs.lake.tables import FORECASTS, Table
from jobs.lake.versions import IncompleteError
from jobs.models.artifacts import GoneError
from jobs.models.model_version import UnreadableError
from jobs.models.registry import Registry, UncheckedError
from jobs.models.scoring import Model, ScoreError, forecast, inputs_of, read_by

log = logging.getLogger(__name__)

_ROWS_AT_ONCE = 100_000
_CENTS = COLUMNS[1:]
_GONE = (GoneError, UncheckedError, UnreadableError)
"""A version that was deleted, or that this code can neither check nor read."""


class BridgeError(RefusedError):
    """The steps do not add up to the published total."""


def build_bridges(
    engine: Engine, registry: Registry, lake: Lake, table: Table, *, as_of: date, value_basis: str = NET_REVENUE
) -> int:
    """Record the bridge to a month, and that to the month after it if one is published; the number of their rows.

    The month after starts from what this month's run published. A bridge that cannot be known is left out, and the
    reason is logged.

    Raises:
        BridgeError: the steps do not add up.
        TamperedError: the files of a version differ from those that were registered.
    """
    rows = 0
    for month in (as_of, Month.of(as_of).as_of):
        for loads in fetch(engine, "bridge_loads", as_of=month, value_basis=value_basis):
            try:
                rows += _build(engine, registry, lake, table, month, loads)
            except (*_GONE, IncompleteError, ScoreError) as error:
                log.info("No bridge to %s: last month cannot be scored again: %s", month, error)
    return rows


def _build(engine: Engine, registry: Registry, lake: Lake, table: Table, as_of: date, loads: RowMapping) -> int:
    before = previous_as_of(as_of)
    if loads["before_load_id"] is None:
        log.info("No bridge to %s: nothing is published as of %s", as_of, before)
        return 0
    published, now = _customers(engine, loads["before_load_id"]), _customers(engine, loads["load_id"])
    rescoring = _Rescoring(registry, lake, table, before, loads["before_lake_fingerprint"], published)
    rescored = rescoring.by(loads["model_version"])
    restated: pd.DataFrame | None = rescored
    if rescoring.is_as_published:
        restated = published
    elif loads["before_model_version"] != loads["model_version"]:
        restated = rescoring.by_old(loads["before_model_version"])
    made = steps(published, restated, rescored, now)
    _check(made, loads)
    _record(engine, loads, made)
    for step in made:
        log.info("%s %s: %s (%d customers)", as_of, step.name, _money(step), step.customers)
    return len(made)


class _Rescoring:
    """Last month's snapshot, as it is in the lake now, scored without anything being written."""

    def __init__(
        self, registry: Registry, lake: Lake, table: Table, as_of: date, fingerprint: str, published: pd.DataFrame
    ) -> None:
        self._registry, self._lake, self._table, self._as_of = registry, lake, table, as_of
        self._fingerprint, self._published = fingerprint, published

    @property
    def is_as_published(self) -> bool:
        """Whether the published forecast was made from this very snapshot."""
        snapshot = self._lake.record(self._table, self._as_of)
        return self._holds_published and (
            self._lake.record(FORECASTS, self._as_of).inputs["features"] == snapshot.fingerprint
        )

    @property
    def _holds_published(self) -> bool:
        complete = self._lake.is_complete(FORECASTS, self._as_of)
        return complete and self._lake.record(FORECASTS, self._as_of).fingerprint == self._fingerprint

    def by(self, number: int) -> pd.DataFrame:
        """What a version says; read instead of scored where it made the published forecast from the same inputs."""
        model = Model.fetched(self._registry, number)
        inputs = inputs_of(self._lake.record(self._table, self._as_of), model)
        if self._holds_published and self._lake.is_current(FORECASTS, self._as_of, inputs):
            return self._published
        spark = session("build_bridge")
        snapshot = read_periods(spark, self._lake, self._table, [self._as_of])
        scored = forecast(snapshot.select(*read_by(model, self._table)), model, as_of=self._as_of)
        cents = [(F.col(name) * 100).cast("bigint").alias(name) for name in _CENTS]
        return scored.select("customer_id", "status", *cents).toPandas().set_index("customer_id")

    def by_old(self, number: int) -> pd.DataFrame | None:
        """What the version before says; None, with the reason in the log, if it cannot score any more."""
        try:
            return self.by(number)
        except (*_GONE, ScoreError) as error:
            log.info("Restatement and model are one step: version %d cannot score any more: %s", number, error)
            return None


def _customers(engine: Engine, load_id: int) -> pd.DataFrame:
    with engine.connect() as connection:
        query = statement("bridged_customers").execution_options(stream_results=True)
        chunks = pd.read_sql(query, connection, params={"load_id": load_id}, chunksize=_ROWS_AT_ONCE)
        return pd.concat(list(chunks), ignore_index=True).set_index("customer_id")


def _check(made: Sequence[Step], loads: RowMapping) -> None:
    """Raise BridgeError unless the steps lead from the one published total to the other, to the cent."""
    cents = {step.name: step.cents for step in made}
    ends = [int(loads[name] * 100) for name in ("before_clv_12m_total", "clv_12m_total")]
    changes = sum(value for name, value in cents.items() if name not in (START, END))
    if [cents[START], cents[END]] != ends or cents[START] + changes != cents[END]:
        raise BridgeError(
            f"the bridge from load {loads['before_load_id']} to load {loads['load_id']} does not add up: {cents}, but "
            f"{ends} were published. Nothing was changed; report this as a bug"
        )


def _record(engine: Engine, loads: RowMapping, made: Sequence[Step]) -> None:
    key = {"load_id": loads["load_id"], "before_load_id": loads["before_load_id"]}
    rows = [
        {**key, "step_order": step_order, "step": step.name, "net_value": _money(step), "customers": step.customers}
        for step_order, step in enumerate(made, start=1)
    ]
    with engine.begin() as connection:
        connection.execute(statement("clear_bridge"), key)
        connection.execute(statement("record_bridge"), rows)


def _money(step: Step) -> Decimal:
    return Decimal(step.cents) / 100
