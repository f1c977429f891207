"""What analysts wait for at a million customers: `make bench-views`.

Every query of docs/sql_examples.md and of the dashboards, and the totals of the service, each as the role that asks it.
Three months of made-up forecasts and fifteen of actual values are published by the production code. Writes
`benchmarks/results/views.json`, and the page.
"""

from __future__ import annotations

import argparse
import json
import logging
import re
import statistics
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Engine, text

from benchmarks.service_shop import SOURCE, TABLE, plan
from docs.generate import benchmarks as page
from docs.generate.page import DOCS
from jobs.accuracy.actuals import load_actuals
from jobs.accuracy.record import measure_published
from jobs.core.migrations import migrate
from jobs.core.month import HORIZONS, Month
from jobs.core.postgres import engine, execute, statement
from jobs.core.settings import MODEL
from jobs.features.table import LAG_MONTHS, YEAR_DAYS, lag_name, window_name
from jobs.forecasting.status import ACTIVE, DORMANT, LAPSING, NEW
from jobs.lake.arrow import write_rows
from jobs.lake.first_month_tables import FIRST_MONTH, FIRST_MONTH_ACCURACY
from jobs.lake.lake import Lake
from jobs.lake.schemas import arrow_schema
from jobs.lake.tables import ALL_DEPARTMENTS, DAILY, FORECAST_MONTHS, FORECASTS, Table
from jobs.lake.versions import Period, Record
from jobs.local_stack import postgres_server as postgres
from jobs.publishing import standard

log = logging.getLogger(__name__)

CUSTOMERS = 1_000_000
LAST, PUBLISHED, BEFORE = Month(2025, 6), 3, 12
REPEATS = 3
_STATUSES = (ACTIVE, LAPSING, DORMANT, NEW)
_COUNTRIES = ("Austria", "France", "Germany", "Italy", "Poland", "Spain")
_EXAMPLE = re.compile(r"\n\n((?:[^\n]+\n)+)\n```sql\n(.*?)```", flags=re.DOTALL)
_FIRST_SENTENCE = re.compile(r".*?[.?:](?=\s|$)", flags=re.DOTALL)
_DASHBOARD = DOCS.parent / "sql" / "dashboard"
_OF_A_CUSTOMER = {"journey"}
"""Queries of the dashboards that are asked with the customer of the page's filter."""
_CUSTOMER = "00012346"


def publish_months(writer: Engine, lake: Lake, customers: int) -> None:
    """Publish months of made-up customers, and what came."""
    ids = pa.array([f"{number:08d}" for number in range(customers)])
    worth = np.random.default_rng(1).lognormal(1.0, 1.2, customers)
    for ahead in range(1 - PUBLISHED - BEFORE, 1):
        _put(lake, DAILY, LAST.plus(ahead), _days(ids, worth, LAST.plus(ahead)))
    for month in LAST.plus(1 - PUBLISHED).through(LAST):
        snapshot = _put(lake, TABLE, month.as_of, _known(ids, worth))
        made = {"features": snapshot.fingerprint, "model": f"{MODEL}/1 benchmark"}
        forecast = _put(lake, FORECASTS, month.as_of, _forecast(ids, worth, month.as_of), made)
        for table in (FIRST_MONTH, FIRST_MONTH_ACCURACY):
            _put(lake, table, month.as_of, {}, {"forecasts": forecast.fingerprint})
        run_id = plan(writer, month.as_of)
        execute(writer, "set_run_forecast", run_id=run_id, fingerprint=forecast.fingerprint)
        execute(writer, "set_run_model", run_id=run_id, model_name=MODEL, model_version=1)
        for months in HORIZONS:
            execute(writer, "set_run_level", run_id=run_id, horizon_months=months, variance=0.01, quantile=1.5)
        standard.publish(writer, lake, SOURCE, as_of=month.as_of, run_id=run_id)
        log.info("%s is published", month)
    load_actuals(writer, lake, LAST, SOURCE.currency)
    measure_published(writer)


def queries(as_of: date) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Who asks, what, the SQL and its parameters."""
    for asked, sql in _EXAMPLE.findall((DOCS / "sql_examples.md").read_text(encoding="utf-8")):
        [first, *_] = _FIRST_SENTENCE.findall(asked)
        yield "clv_reader", first.replace("\n", " ").rstrip(":."), sql.replace("12346", _CUSTOMER), {}
    for file in sorted(_DASHBOARD.glob("*.sql")):
        sql, customer = file.read_text(encoding="utf-8"), {"customer": _CUSTOMER} if file.stem in _OF_A_CUSTOMER else {}
        kept = "WHERE customer_id = :customer" if customer else ""
        yield "clv_reader", f"dashboards: {file.stem}", f"SELECT * FROM ({sql}) AS shown {kept}", customer  # noqa: S608
    everybody = dict.fromkeys(("customer_ids", "status", "tier", "country", "membership", "main_department"))
    filters: dict[str, dict[str, Any]] = {"all": {}, "a country": {"country": "Italy"}, "a tier": {"tier": 2}}
    for asked, kept_by in filters.items():
        sql = str(statement("totals_of_customers").text)
        yield "clv_api", f"`/v1/totals`: {asked}", sql, {**everybody, **kept_by, "as_of": as_of}


def measured(root: Path, customers: int) -> dict[str, Any]:
    """Every figure."""
    with postgres.temporary(root / "data") as sockets:
        url = {role: postgres.url(role, "postgres", sockets.parent) for role in ("postgres", "clv_writer")}
        migrate(engine(url["postgres"]))
        publish_months(engine(url["clv_writer"]), Lake(str(root / "lake")), customers)
        with engine(url["postgres"]).connect() as owner:
            owner.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM ANALYZE"))
        answers = []
        for role, asked, sql, parameters in queries(LAST.as_of):
            database = engine(postgres.url(role, "postgres", sockets.parent))
            answers.append({"question": asked} | _timed(database, sql, parameters))
            log.info("%s", answers[-1])
    return {"customers": customers, "months": PUBLISHED, "answers": answers}


def _timed(database: Engine, sql: str, parameters: dict[str, Any]) -> dict[str, Any]:
    seconds, rows = [], 0
    with database.connect() as connection:
        for _ in range(REPEATS):
            started = time.perf_counter()
            rows = len(connection.execute(text(sql), parameters).all())
            seconds.append(time.perf_counter() - started)
    return {"rows": rows, "seconds": round(statistics.median(seconds), 3)}


def _put(
    lake: Lake, table: Table, period: Period, columns: dict[str, Any], inputs: dict[str, str] | None = None
) -> Record:
    """Write a period; columns that are not given are null."""
    schema = arrow_schema(table)
    rows = len(columns[table.names[0]]) if columns else 0
    given = [
        pc.cast(pa.array(columns[of.name]), of.type, safe=False) if of.name in columns else pa.nulls(rows, of.type)
        for of in schema
    ]
    content = pa.table(given, schema)
    sums = {name: str(pc.sum(content[name]).as_py() or 0) for name in table.money}
    record = Record(rows=rows, fingerprint=f"{table.name} {period}", inputs=inputs or {}, sums=sums)
    write_rows([content], lake, table, period, record)
    return record


def _forecast(ids: pa.Array, worth: np.ndarray, as_of: date) -> dict[str, Any]:
    count = len(ids)
    draw = np.random.default_rng(as_of.toordinal())
    months = np.round(worth[:, None] * draw.uniform(0.5, 1.5, (count, len(FORECAST_MONTHS))), 2)
    sums = {horizon: months[:, :horizon].sum(axis=1).round(2) for horizon in HORIZONS}
    active = draw.uniform(0.0, 1.0, count)
    return {
        "customer_id": ids,
        **{f"clv_{horizon}m": total for horizon, total in sums.items()},
        "clv_12m_p10": (sums[12] * 0.3).round(2),
        "clv_12m_p90": (sums[12] * 2.5).round(2),
        **{name: months[:, place] for place, name in enumerate(FORECAST_MONTHS)},
        **{f"p_active_{horizon}m": active * horizon / 12 for horizon in HORIZONS},
        **{f"variance_{horizon}m": total**2 for horizon, total in sums.items()},
        "status": np.array(_STATUSES)[np.arange(count) % len(_STATUSES)],
        "method": np.full(count, "model"),
        "model_version": np.full(count, 1),
        "reason_1": np.array(["higher: ordered recently", "lower: small orders"])[np.arange(count) % 2],
    }


def _known(ids: pa.Array, worth: np.ndarray) -> dict[str, Any]:
    count = len(ids)
    years = {window_name("net_value", YEAR_DAYS, name): worth for name in (None, *SOURCE.departments)}
    return {
        "customer_id": ids,
        "city": np.array([f"City {number}" for number in range(200)])[np.arange(count) % 200],
        "country": np.array(_COUNTRIES)[np.arange(count) % len(_COUNTRIES)],
        "membership": np.array(["none", "monthly", "annual"])[np.arange(count) % 3],
        "first_ordered_on": np.datetime64(LAST.first_day) - np.arange(count) % 1500,
        "last_ordered_on": np.full(count, np.datetime64(LAST.first_day)),
        "orders_lifetime": np.full(count, 3),
        "net_value_lifetime": worth * 3,
        **{lag_name("net_value", lag): worth for lag in LAG_MONTHS},
        **years,
    }


def _days(ids: pa.Array, worth: np.ndarray, month: Month) -> dict[str, Any]:
    """A quarter of the customers order, each once."""
    bought = np.random.default_rng(month.as_of.toordinal()).random(len(ids)) < 0.25
    count = int(bought.sum())
    zeros = dict.fromkeys(DAILY.names, np.zeros(count))
    return zeros | {
        "customer_id": ids.filter(pa.array(bought)),
        "ordered_on": np.full(count, np.datetime64(month.first_day)),
        "department": np.full(count, ALL_DEPARTMENTS),
        "net_value": worth[bought],
        "orders": np.ones(count),
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and write the results and the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    arguments = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with TemporaryDirectory(prefix="clv-views-") as folder:
        results = measured(Path(folder), arguments.customers)
    if arguments.customers == CUSTOMERS:
        page.VIEWS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        page.main(["--write"])


if __name__ == "__main__":
    main()
