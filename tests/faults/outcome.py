"""What became of a month: its content, what readers see of it, and what was left behind."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from jobs.core.postgres import engine, fetch
from jobs.features.table import features
from jobs.lake.arrow import read_rows
from jobs.lake.first_month_tables import FIRST_MONTH
from jobs.lake.tables import DAILY, FORECASTS, TRANSACTIONS, Table, rejected
from jobs.lake.versions import Period
from jobs.local_stack import postgres_server
from jobs.models.file_hashes import hashes_of
from jobs.sources import load
from tests.faults.month import MONTH, SHOP, MonthRun

SECONDS_TO_CLOSE = 10


def served(month: MonthRun) -> tuple[int, str] | None:
    """The run that readers see for the month, and a hash of every row of it but its numbers of run and version."""
    rows = """
        SELECT count(DISTINCT run_id), min(run_id), count(*),
        md5(string_agg((to_jsonb(f) - 'run_id' - 'model_version' - 'published_at')::text, ',' ORDER BY customer_id))
        FROM clv.forecast AS f WHERE as_of = :as_of
    """
    with month.reader.connect() as connection:
        runs, run, customers, digest = connection.execute(text(rows), {"as_of": MONTH.as_of}).one()
    assert runs <= 1, "readers see rows of several runs"
    return (run, f"{customers} rows {digest}") if runs else None


def _actuals(month: MonthRun) -> list[Any]:
    """What readers see of each month that was lived."""
    totals = "SELECT month, count(*), sum(net_value), sum(orders) FROM clv.actual GROUP BY month ORDER BY month"
    with month.reader.connect() as connection:
        return [tuple(row) for row in connection.execute(text(totals))]


def outcome(month: MonthRun) -> dict[str, Any]:
    """The content of the month: the same whatever happened on the way."""
    database, model = month.registry.database, month.registry.model
    champion = month.registry.aliased("champion")
    tables: dict[Table, Period] = {
        TRANSACTIONS: MONTH,
        rejected(TRANSACTIONS): MONTH,
        DAILY: MONTH,
        FORECASTS: MONTH.as_of,
        FIRST_MONTH: MONTH.as_of,
    }
    tables[features(load(SHOP).departments)] = MONTH.as_of
    seen = served(month)
    return {
        "lake": {table.name: _content(month, table, period) for table, period in tables.items()},
        "model": hashes_of(database, model, month.model_version),
        "decision": _decision(month),
        "champion": champion and hashes_of(database, model, champion),
        "served": seen and seen[1],
        "actuals": _actuals(month),
    }


def _decision(month: MonthRun) -> str:
    """The last verdict of the gate."""
    with month.registry.database.connect() as connection:
        query = text(
            "SELECT decision FROM clv.model_decision WHERE model_name = :model ORDER BY decision_id DESC LIMIT 1"
        )
        return str(connection.execute(query, {"model": month.registry.model}).scalar_one())


def _content(month: MonthRun, table: Table, period: Period) -> tuple[str, str]:
    """The fingerprint in a folder's record, and a hash of the rows in its files."""
    rows = sorted(map(repr, read_rows(month.lake, table, [period]).to_pylist()))
    digest = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return month.lake.record(table, period).fingerprint, digest


def left_behind(month: MonthRun) -> list[str]:
    """What a next run could trip over."""
    actual = [str(path) for path in (Path(month.lake.root) / "landing_cache").glob(".*")]
    superuser = engine(month.servers.url(postgres_server.SUPERUSER))
    with superuser.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        actual += [f"a connection, {state}" for state in _connections(connection)]
        loose = "SELECT count(*) FROM clv.forecast_rows WHERE load_id NOT IN (SELECT load_id FROM clv.forecast_load)"
        actual += [f"{rows} rows of no load" for (rows,) in connection.execute(text(loose)) if rows]
        locks = "SELECT locktype FROM pg_locks WHERE locktype = 'advisory'"
        actual += [f"a lock, {kind}" for (kind,) in connection.execute(text(locks))]
    return actual


def _connections(connection: Connection) -> list[str]:
    """The states of connections that tasks have left open, once the server had time to end those that were closed.

    The connection commits each statement: within a transaction, the server shows the same states again.
    """
    states = text("SELECT state FROM pg_stat_activity WHERE usename = 'clv_writer'")
    deadline = time.monotonic() + SECONDS_TO_CLOSE
    while (found := list(connection.execute(states).scalars())) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def decisions(month: MonthRun) -> int:
    """Rows of this run in the table of decisions."""
    rows = "SELECT count(*) FROM clv.model_decisions WHERE run_id = :run_id AND model_name = 'clv'"
    with month.reader.connect() as connection:
        return int(connection.execute(text(rows), {"run_id": month.plan["run_id"]}).scalar_one())


def published_run(month: MonthRun) -> int | None:
    """The run that the pointer names."""
    rows = fetch(engine(month.servers.url("clv_writer")), "published_run", as_of=MONTH.as_of, value_basis="net_revenue")
    return rows[0]["run_id"] if rows else None
