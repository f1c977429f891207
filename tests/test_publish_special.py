"""Special runs in a real Postgres: beside the months, all or nothing, and in nobody's way."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

import psycopg2
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from jobs.core.postgres import execute, fetch, statement
from jobs.lake.lake import Lake, Record, special_lake
from jobs.lake.tables import SPECIAL_FORECASTS, SPECIAL_TOTALS, Table
from jobs.publish_special import main
from jobs.publishing import copy, special
from jobs.publishing.copy import PublishError
from jobs.publishing.special import LOADED
from tests.conftest import Database
from tests.forecasts import (
    CUSTOMERS,
    DECEMBER,
    count,
    plan,
    publish,
    publish_new_run,
    row,
    seen,
    write,
    write_snapshot,
)
from tests.test_publish_faults import cut_connections

PARAMETERS = {"horizon_months": 3, "segment": "city=Paris", "value_basis": "net_revenue"}
_ARROW = {"string": pa.string(), "decimal(18,2)": pa.decimal128(18, 2), "double": pa.float64(), "bigint": pa.int64()}


def special_row(customer_id: str, clv: str = "30.00", **changed: object) -> dict[str, object]:
    value = Decimal(clv)
    ends = {"clv_p10": value / 2, "clv_p90": value * 2}
    known = {"status": "active", "method": "model", "model_version": 3, "p_active": 1 / 3, "active_months": 0.5}
    return {"customer_id": customer_id, "clv": value, **ends, **known, **changed}


def store(lake: Lake, table: Table, rows: Sequence[dict[str, object]], inputs: dict[str, str] | None = None) -> str:
    schema = pa.schema([(column.name, _ARROW[column.type]) for column in table.columns])
    money = [column.name for column in table.columns if column.type.startswith("decimal")]
    sums = {name: str(sum((entry[name] for entry in rows), Decimal(0))) for name in money}  # type: ignore[arg-type]
    fingerprint = hashlib.sha256(repr(rows).encode()).hexdigest()
    with lake.staging(table) as staged:
        pq.write_table(pa.Table.from_pylist(list(rows), schema), staged / "part-0.parquet")
        lake.promote(staged, table, DECEMBER, Record(len(rows), fingerprint, sums=sums, inputs=inputs or {}))
    return fingerprint


def write_special(lake: Lake, run_id: int, rows: Sequence[dict[str, object]], **changed: object) -> None:
    """Write rows and their total as a special run's scoring leaves them; `changed` replaces parts of the total."""
    own = special_lake(lake, run_id)
    write_snapshot(lake, DECEMBER)
    made = store(own, SPECIAL_FORECASTS, rows, {"features": "snapshot"})
    clv = sum((entry["clv"] for entry in rows), Decimal(0))  # type: ignore[arg-type]
    total = {"customers": len(rows), "clv": clv, "clv_p10": clv * 3 / 4, "clv_p90": clv * 5 / 4, **changed}
    store(own, SPECIAL_TOTALS, [total], {SPECIAL_FORECASTS.name: made})


def special_run(database: Database, **parameters: object) -> int:
    """Plan a special run that scores with version 3."""
    run_id = plan(database.writer, DECEMBER, **PARAMETERS | parameters)
    execute(database.writer, "set_run_model", run_id=run_id, model_name="clv", model_version=3)
    return run_id


def publish_special(engine: Engine, lake: Lake, *, as_of: date, run_id: int) -> int:
    """Load the forecast in the special run's lake as that which the run has scored."""
    made = special_lake(lake, run_id).record(SPECIAL_FORECASTS, as_of)
    execute(engine, "set_run_forecast", run_id=run_id, fingerprint=made.fingerprint)
    return special.publish_special(engine, lake, as_of=as_of, run_id=run_id)


def load_new_run(database: Database, lake: Lake, clv: str = "30.00", **parameters: object) -> int:
    run_id = special_run(database, **parameters)
    write_special(lake, run_id, [special_row(customer, clv) for customer in CUSTOMERS])
    assert publish_special(database.writer, lake, as_of=DECEMBER, run_id=run_id) == len(CUSTOMERS)
    return run_id


def test_readers_see_a_special_run_s_rows_and_the_interval_of_their_total(database: Database, lake: Lake) -> None:
    run_id = load_new_run(database, lake)

    expected = {"run_id": run_id, "as_of": DECEMBER, "data_month": "2011-11", **PARAMETERS}
    shown = [name for name in LOADED if name != "customer_id"]
    assert [dict(actual) for actual in seen(database, "special_forecast")] == [
        {**expected, "customer_id": customer, **{name: special_row(customer)[name] for name in shown}}
        for customer in CUSTOMERS
    ]
    [total] = seen(database, "special_total")
    assert {name: total[name] for name in expected} == expected
    assert (total["customers"], total["clv"]) == (3, Decimal("90.00"))
    assert (total["clv_p10"], total["clv_p90"]) == (Decimal("67.50"), Decimal("112.50"))
    assert (total["model_name"], total["model_version"]) == ("clv", 3)


def test_a_special_run_changes_nothing_of_the_published_months(database: Database, lake: Lake) -> None:
    publish_new_run(database, lake, DECEMBER)
    views = ("forecast", "forecast_current", "forecast_monthly", "runs", "model_decisions")
    before = {view: seen(database, view) for view in views}

    load_new_run(database, lake)

    assert {view: seen(database, view) for view in views} == before
    assert (count(database, "published"), count(database, "published_history")) == (1, 1)


def test_a_special_run_planned_since_does_not_outrank_the_run_of_its_month(database: Database, lake: Lake) -> None:
    standard = plan(database.writer, DECEMBER)
    write(lake, DECEMBER, [row(customer) for customer in CUSTOMERS])
    load_new_run(database, lake)

    publish(database.writer, lake, as_of=DECEMBER, run_id=standard)

    assert {actual["run_id"] for actual in seen(database)} == {standard}


def test_a_special_run_cannot_publish_a_month(database: Database, lake: Lake) -> None:
    publish_new_run(database, lake, DECEMBER)
    served = seen(database)
    run_id = special_run(database)

    with pytest.raises(DBAPIError, match="is a special run, which never publishes a month: nothing was changed"):
        publish(database.writer, lake, as_of=DECEMBER, run_id=run_id)

    assert seen(database) == served


def test_a_standard_run_cannot_be_loaded_as_a_special_one(database: Database, lake: Lake) -> None:
    run_id = plan(database.writer, DECEMBER)
    write_special(lake, run_id, [special_row("1")])

    with pytest.raises(DBAPIError, match="is not a special run: nothing was changed"):
        publish_special(database.writer, lake, as_of=DECEMBER, run_id=run_id)

    assert count(database, "special_rows") == 0


def test_loading_again_replaces_the_run_s_own_rows_alone(database: Database, lake: Lake) -> None:
    other = load_new_run(database, lake, segment="city=Lyon")
    run_id = load_new_run(database, lake)
    write_special(lake, run_id, [special_row("12346", "7.00")])

    publish_special(database.writer, lake, as_of=DECEMBER, run_id=run_id)
    publish_special(database.writer, lake, as_of=DECEMBER, run_id=run_id)

    assert [(actual["run_id"], actual["clv"]) for actual in seen(database, "special_forecast")] == [
        *((other, Decimal("30.00")) for _ in CUSTOMERS),
        (run_id, Decimal("7.00")),
    ]


def test_an_airflow_run_that_is_cleared_from_its_plan_on_replaces_what_it_loaded(
    database: Database, lake: Lake
) -> None:
    first = load_new_run(database, lake)
    again = load_new_run(database, lake, "20.00")

    assert {(actual["run_id"], actual["clv"]) for actual in seen(database, "special_forecast")} == {
        (again, Decimal("20.00"))
    }
    with pytest.raises(DBAPIError, match=f"run {first} is superseded by another plan"):
        publish_special(database.writer, lake, as_of=DECEMBER, run_id=first)
    assert {actual["run_id"] for actual in seen(database, "special_forecast")} == {again}


def test_a_load_that_is_replaced_leaves_a_record_of_what_it_was_and_what_replaced_it(
    database: Database, lake: Lake
) -> None:
    load_new_run(database, lake, segment="city=Lyon")
    first = load_new_run(database, lake)
    [loaded_at] = {total["loaded_at"] for total in seen(database, "special_total") if total["run_id"] == first}
    assert seen(database, "special_replacements") == []
    again = load_new_run(database, lake, "20.00")
    publish_special(database.writer, lake, as_of=DECEMBER, run_id=again)
    replacements = seen(database, "special_replacements")
    columns = ("run_id", "replaced_run_id", "customers", "clv", "model_version", "replaced_by")
    assert [tuple(row[name] for name in columns) for row in replacements] == [
        (again, first, 3, Decimal("90.00"), 3, "clv_writer"),
        (again, again, 3, Decimal("60.00"), 3, "clv_writer"),
    ]
    assert replacements[0]["loaded_at"] == loaded_at < replacements[0]["replaced_at"]


@pytest.mark.parametrize(
    "point", ["begin_special_load", "record_special_load", "copy_special_forecast", "special_load_totals"]
)
def test_a_connection_cut_at_any_statement_leaves_what_was_loaded_before(
    database: Database, lake: Lake, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    run_id = load_new_run(database, lake)
    served = seen(database, "special_forecast")
    write_special(lake, run_id, [special_row("12346", "7.00")])
    with monkeypatch.context() as patched:
        _before(patched, point, lambda: cut_connections(database))
        with pytest.raises((DBAPIError, psycopg2.OperationalError)):
            publish_special(database.writer, lake, as_of=DECEMBER, run_id=run_id)

    assert seen(database, "special_forecast") == served
    publish_special(database.writer, lake, as_of=DECEMBER, run_id=run_id)
    assert [actual["clv"] for actual in seen(database, "special_forecast")] == [Decimal("7.00")]


def _before(monkeypatch: pytest.MonkeyPatch, name: str, act: Callable[[], object]) -> None:
    def interrupted(query: str) -> object:
        if query == name:
            act()
        return statement(query)

    for module in (copy, special):
        monkeypatch.setattr(module, "statement", interrupted)


@pytest.mark.parametrize(
    ("rows", "total", "why"),
    [
        ([special_row("1", model_version=4)], {}, "1 rows were not made by model version 3"),
        ([special_row("1")], {"clv": Decimal("31.00")}, "clv sums to 30.00, but to 31.00 in the lake's total"),
        ([special_row("1")], {"customers": 2}, "1 rows were loaded, but the lake's record has 1 and its total 2"),
        ([special_row("1", clv_p10=Decimal("30.01"))], {}, "special_clv_lies_in_its_interval"),
        ([special_row("1"), special_row("1")], {}, "special_rows_pkey"),
    ],
)
def test_rows_that_do_not_agree_leave_nothing_behind(
    database: Database, lake: Lake, rows: list[dict[str, object]], total: dict[str, object], why: str
) -> None:
    run_id = special_run(database)
    write_special(lake, run_id, rows, **total)

    with pytest.raises((PublishError, psycopg2.Error), match=why):
        publish_special(database.writer, lake, as_of=DECEMBER, run_id=run_id)

    assert (count(database, "special_rows"), count(database, "special_load")) == (0, 0)


def test_a_forecast_that_the_run_did_not_make_or_whose_snapshot_is_gone_is_refused(
    database: Database, lake: Lake
) -> None:
    run_id = special_run(database)
    write_special(lake, run_id, [special_row("1")])
    with pytest.raises(PublishError, match="the run has not scored"):
        special.publish_special(database.writer, lake, as_of=DECEMBER, run_id=run_id)
    write_snapshot(lake, DECEMBER, "rebuilt since")
    with pytest.raises(PublishError, match="made from another snapshot than the lake holds now"):
        publish_special(database.writer, lake, as_of=DECEMBER, run_id=run_id)
    assert (count(database, "special_rows"), count(database, "special_load")) == (0, 0)


def test_a_total_of_other_forecasts_is_refused(database: Database, lake: Lake) -> None:
    run_id = special_run(database)
    write_special(lake, run_id, [special_row("1")])
    store(special_lake(lake, run_id), SPECIAL_FORECASTS, [special_row("1", "31.00")], {"features": "snapshot"})

    with pytest.raises(PublishError, match="score the run again"):
        publish_special(database.writer, lake, as_of=DECEMBER, run_id=run_id)


@pytest.mark.parametrize("parameters", [{"horizon_months": 2}, {"value_basis": "profit"}])
def test_the_database_knows_which_runs_there_are(database: Database, parameters: dict[str, object]) -> None:
    with pytest.raises(DBAPIError, match="check constraint"):
        plan(database.writer, DECEMBER, **parameters)


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM clv.special_rows",
        "UPDATE clv.special_rows SET clv = 0",
        "DELETE FROM clv.special_load",
        "UPDATE clv.run SET segment = 'all'",
    ],
)
def test_the_writer_cannot_change_what_was_loaded(database: Database, sql: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), database.writer.begin() as connection:
        connection.execute(text(sql))


@pytest.mark.usefixtures("environment")
def test_the_command_loads_the_run_of_a_margin_from_its_own_lake(database: Database, lake: Lake) -> None:
    basis = "margin_per_line"
    run_id = special_run(database, value_basis=basis)
    margins = Lake(lake.root / basis)
    write_special(margins, run_id, [special_row("1")])
    made = special_lake(margins, run_id).record(SPECIAL_FORECASTS, DECEMBER)
    execute(database.writer, "set_run_forecast", run_id=run_id, fingerprint=made.fingerprint)

    main(["--as-of", str(DECEMBER), "--run-id", str(run_id), "--value-basis", basis])

    assert [actual["value_basis"] for actual in seen(database, "special_forecast")] == [basis]
    assert [(task["task"], task["rows"]) for task in fetch(database.writer, "run_tasks", run_id=run_id)] == [
        ("special.publish_special", 1)
    ]
