"""Publish a month: load the rows of a run, check them, and point readers to them, in one transaction.

Readers see the old forecast until the transaction commits and the new one afterwards; they are never blocked. If
anything fails before the commit, the month does not change: see `docs/decisions/0007-publish-by-pointer.md`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection, Engine, RowMapping

from jobs.core.postgres import fetch, statement
from jobs.core.value_basis import NET_REVENUE
from jobs.features.table import features
from jobs.lake.lake import Lake
from jobs.lake.tables import FORECASTS
from jobs.lake.versions import Record
from jobs.planning.lake_tables import tables_of_run
from jobs.publishing.copy import PublishError, copy_rows, csv_batches
from jobs.publishing.customers import load_customers
from jobs.publishing.first_month import load_first_month
from jobs.publishing.origin import foreign_model, foreign_origin
from jobs.sources.mapping import Source


@dataclass(frozen=True)
class Publication:
    """The published forecast of a month.

    Attributes:
        rows: number of customers.
        clv_12m_total: sum of their `clv_12m`.
        content_hash: hash of the rows without the model version, independent of their order.
        replaced_run_id: the run that was published before; None if there was none.
        loaded: False if the run was already published with the same forecast, so that nothing was done.
    """

    rows: int
    clv_12m_total: Decimal
    content_hash: str
    replaced_run_id: int | None
    loaded: bool


def publish(engine: Engine, lake: Lake, source: Source, *, as_of: date, run_id: int) -> Publication:
    """Make a run's forecast the published one of its month.

    Raises:
        IncompleteError: the month's forecast, or its snapshot, is not in the lake.
        PublishError: the forecast has no rows, does not match its record, or was made by another run, from another
            snapshot or by another model version.
        sqlalchemy.exc.DBAPIError: a newer run of the month was planned, or the run does not exist.
        psycopg2.Error: a row breaks a constraint of `clv.forecast_rows`.
    """
    record = lake.record(FORECASTS, as_of)
    if record.rows == 0:
        raise PublishError(f"the forecasts as of {as_of} have no rows: score the month again")
    visible = next(iter(fetch(engine, "published_run", as_of=as_of, value_basis=source.value_basis)), None)
    if visible is not None and (visible["run_id"], visible["lake_fingerprint"]) == (run_id, record.fingerprint):
        return _publication(visible, run_id, loaded=False)
    with engine.begin() as connection:
        run = {"as_of": as_of, "run_id": run_id}
        load = {"load_id": connection.execute(statement("begin_load"), run).scalar_one()}
        scored = connection.execute(statement("run_forecast"), run).mappings().one()
        _refuse([*foreign_origin(scored, record, lake, as_of), *foreign_model(scored, record)], as_of, run_id)
        copy_rows(connection, "copy_forecast", csv_batches(lake, FORECASTS, as_of, FORECASTS.names, first=load))
        load_customers(connection, lake, source, as_of=as_of, load=load)
        if source.value_basis == NET_REVENUE:
            load_first_month(connection, lake, as_of=as_of, run_id=run_id, load=load)
        connection.execute(statement("record_totals"), load)
        parameters = load | {"lake_fingerprint": record.fingerprint}
        totals = connection.execute(statement("record_load"), parameters).mappings().one()
        _check(totals, record, as_of, run_id)
        _refuse_erased(connection, load, run_id)
        versions = json.dumps(lake.versions_of(tables_of_run(features(source.departments))))
        connection.execute(statement("set_run_lake_versions"), {"run_id": run_id, "versions": versions})
        connection.execute(statement("publish_load"), load)
    return _publication(totals, visible["run_id"] if visible else None, loaded=True)


def _refuse_erased(connection: Connection, load: Mapping[str, int], run_id: int) -> None:
    """Raise PublishError if a customer is among the rows who was erased after the run had read the lake."""
    erased = connection.execute(statement("erased_in_load"), load).scalar_one()
    if erased:
        raise PublishError(
            f"run {run_id} forecasts {erased} customers who were erased while it ran: nothing was published. Erase "
            "them again (docs/erasure.md), then clear the run from its plan task on"
        )


def _check(totals: RowMapping, record: Record, as_of: date, run_id: int) -> None:
    """Raise PublishError if a load differs from the lake's record, or another model version made any of its rows."""
    problems = []
    if totals["forecast_rows"] != record.rows:
        problems.append(f"{totals['forecast_rows']} rows were loaded, but the lake's record has {record.rows}")
    for column, recorded_total in record.sums.items():
        total = totals["money_totals"][column] or "0"
        if Decimal(total) != Decimal(recorded_total):
            problems.append(f"{column} sums to {total}, but to {recorded_total} in the lake's record")
    versions = {totals["lowest_model_version"], totals["highest_model_version"]}
    expected = totals["run_model_version"]
    if versions != {expected}:
        problems.append(f"rows carry model version {sorted(versions)}, but run {run_id} scores with {expected}")
    _refuse(problems, as_of, run_id)


def _refuse(problems: Sequence[str], as_of: date, run_id: int) -> None:
    if problems:
        raise PublishError(
            f"forecasts as of {as_of} for run {run_id}: {'; '.join(problems)}. Nothing was changed: score the month "
            "again."
        )


def _publication(totals: RowMapping, replaced_run_id: int | None, *, loaded: bool) -> Publication:
    return Publication(
        rows=totals["forecast_rows"],
        clv_12m_total=totals["clv_12m_total"],
        content_hash=totals["content_hash"],
        replaced_run_id=replaced_run_id,
        loaded=loaded,
    )
