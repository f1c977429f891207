"""What each role may and may not do: least privilege, tried out."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from jobs.core.migrations import migrate
from jobs.core.postgres import engine, execute, statement
from jobs.lake.lake import Lake
from jobs.lake.tables import FORECASTS
from tests.conftest import Database, Postgres
from tests.forecasts import DECEMBER, publish_new_run, seen

DENIED = r"permission denied|must be owner"

VIEWS = (
    *("forecast", "forecast_current", "forecast_monthly", "runs", "run_failures", "model_decisions", "publications"),
    *("all_runs", "maintenance"),
    *("customer_list", "customer", "customer_current", "forecast_total", "forecast_total_monthly"),
)
VALIDATION_VIEWS = ("validation", "ingested", "rejected")
MARGIN_VIEWS = tuple(
    f"margin_{view}"
    for view in (
        *("forecast", "forecast_current", "forecast_monthly", "forecast_total", "forecast_total_monthly"),
        *("accuracy", "actual", "customer", "customer_current", "publications"),
        *("bridge", "drift", "drift_distribution", "validation", "ingested", "rejected"),
    )
)
TABLES = (
    *("published_load", "published_margin", "realised_month", "actual_month_margin"),
    *("realised_rows", "actual_rows_margin"),
    *("schema_migrations", "run", "run_task", "forecast_load", "forecast_rows", "published", "published_history"),
    *("run_failure", "model_decision", "model_hash", "open_load"),
    *("api_key", "actual_month", "actual_rows", "accuracy_measured", "accuracy_rows"),
    *("run_level", "total_rows", "total_month_rows", "customer_rows", "bridge_rows", "drift_rows"),
    *("validation_rows", "ingested_rows", "rejected_rows", "maintenance_rows"),
)


def attempt(role: Engine, sql: str) -> None:
    with role.begin() as connection:
        connection.execute(text(sql))


@pytest.fixture(scope="module")
def published(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Database:
    """A published month in a database of its own: a copy of a template would lack the rights on the database itself."""
    name = postgres.create_database()
    migrate(engine(postgres.url("postgres", name)))
    database = Database(*(postgres.url(role, name) for role in ("postgres", "clv_writer", "clv_reader")))
    run_id = publish_new_run(database, Lake(str(tmp_path_factory.mktemp("lake"))), DECEMBER)
    decision = {"decision": "first", "reasons": ["no champion"], "decided_by": "gate", "champion_before": None}
    decision |= {"model_name": "clv"}
    versions = dict.fromkeys(("model_version", "forecast_by", "champion_after"), 7)
    failure = {"dag_run_id": "manual__2011-12-05", "task": "plan.plan", "attempt": 1, "reason": "no delivery"}
    done = {"kept_since": DECEMBER, "what": "lake files", "removed": 0, "detail": ""}
    execute(database.writer, "record_maintenance", **done)
    execute(database.writer, "record_failure", **failure, as_of=None, was_refused=True)
    execute(database.writer, "record_decision", run_id=run_id, as_of=DECEMBER, **decision, **versions)
    attempt(
        database.owner, "CREATE SCHEMA private; CREATE TABLE private.secret (x int); CREATE TABLE public.secret (x int)"
    )
    return database


@pytest.mark.parametrize("view", VIEWS)
def test_the_reader_reads_the_views(published: Database, view: str) -> None:
    assert seen(published, view)


@pytest.mark.parametrize("view", VALIDATION_VIEWS)
def test_the_reader_reads_what_validation_found(published: Database, view: str) -> None:
    assert seen(published, view) == []


@pytest.mark.parametrize("view", MARGIN_VIEWS)
def test_the_reader_reads_the_views_of_the_margin(published: Database, view: str) -> None:
    assert seen(published, view) == []


@pytest.mark.parametrize(
    "sql",
    [
        *(f"TABLE clv.{table}" for table in TABLES),
        "INSERT INTO clv.run (as_of, dag_run_id, trigger, source) VALUES ('2011-12-01', 'x', 'x', 'x')",
        "INSERT INTO clv.forecast_rows (load_id, customer_id) VALUES (1, 'x')",
        "DELETE FROM clv.forecast_rows",
        "UPDATE clv.forecast_rows SET clv_1m = 0",
        "TRUNCATE clv.published",
        "DROP VIEW clv.forecast",
        "SELECT clv.begin_load('2011-12-01', 1)",
        "SELECT clv.publish_load(1)",
        "SELECT clv.claim_month('2011-12-01', 1)",
        "SELECT clv.roll_back('2011-12-01', 1, 2, 'me', 'why')",
        "SELECT nextval('clv.run_run_id_seq')",
        "CREATE TABLE clv.mine (x int)",
        "CREATE TABLE public.mine (x int)",
        "CREATE TEMPORARY TABLE mine (x int)",
        "CREATE SCHEMA mine",
        "SELECT * FROM private.secret",
        "SELECT * FROM public.secret",
        "SET ROLE clv_owner",
        "SET ROLE clv_writer",
        "COPY clv.run TO PROGRAM 'cat'",
        "SELECT pg_read_file('/etc/passwd')",
    ],
)
def test_the_reader_can_neither_write_nor_see_anything_else(published: Database, sql: str) -> None:
    with pytest.raises(ProgrammingError, match=DENIED):
        attempt(published.reader, sql)


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM clv.forecast_rows",
        "UPDATE clv.forecast_rows SET clv_12m_p90 = 0",
        "TRUNCATE clv.forecast_rows",
        "DROP TABLE clv.forecast_rows",
        "UPDATE clv.forecast_load SET content_hash = ''",
        "DELETE FROM clv.forecast_load",
        "UPDATE clv.published SET load_id = load_id",
        "INSERT INTO clv.published SELECT * FROM clv.published",
        "UPDATE clv.accuracy_rows SET norm_gini = 1",
        "UPDATE clv.actual_rows SET net_value = 0",
        "DELETE FROM clv.bridge_rows",
        "DELETE FROM clv.drift_rows",
        "DELETE FROM clv.published",
        "DELETE FROM clv.published_history",
        "DELETE FROM clv.run",
        "UPDATE clv.run SET as_of = '2011-11-01'",
        "DELETE FROM clv.run_task",
        "UPDATE clv.model_decision SET decided_by = 'gate'",
        "UPDATE clv.model_decision SET took_effect_at = now()",
        "DELETE FROM clv.model_decision",
        "UPDATE clv.published_load SET load_id = load_id",
        "DELETE FROM clv.published_load",
        "DELETE FROM clv.published_margin",
        "DELETE FROM clv.realised_rows",
        "UPDATE clv.model_hash SET sha256 = ''",
        "DELETE FROM clv.model_hash",
        "TRUNCATE clv.model_hash",
        "INSERT INTO clv.model_hash (model_name, registered_at) VALUES ('clv', now())",
        "ALTER TABLE clv.forecast_rows DROP CONSTRAINT months_sum_to_clv_12m",
        "CREATE TABLE clv.mine (x int)",
        "SELECT clv.claim_month('2011-12-01', 1)",
        "SET ROLE clv_owner",
    ],
)
def test_the_writer_can_neither_change_history_nor_move_the_pointer_by_itself(published: Database, sql: str) -> None:
    with pytest.raises(ProgrammingError, match=DENIED):
        attempt(published.writer, sql)


CLOSED = r"is not open for rows: nothing was added"


@pytest.mark.parametrize("load_id", ["load_id", "load_id + 1"], ids=["published", "not yet opened"])
def test_the_writer_cannot_add_a_customer_to_a_load_that_is_not_open(published: Database, load_id: str) -> None:
    columns = ", ".join(FORECASTS.names[1:])
    before = seen(published, "forecast")
    with pytest.raises(DBAPIError, match=CLOSED):
        attempt(
            published.writer,
            f"INSERT INTO clv.forecast_rows (load_id, customer_id, {columns}) "  # noqa: S608
            f"SELECT {load_id}, 'added', {columns} FROM clv.forecast_rows LIMIT 1",
        )
    assert seen(published, "forecast") == before


def test_a_load_takes_no_rows_after_it_is_recorded_even_in_its_own_transaction(published: Database) -> None:
    columns = ", ".join(FORECASTS.names[1:])
    insert = f"INSERT INTO clv.forecast_rows (load_id, customer_id, {columns}) "
    copied = f"SELECT :load_id, customer_id || :suffix, {columns} FROM clv.forecast_rows WHERE load_id < :load_id"  # noqa: S608
    with published.writer.connect() as connection:
        run = {"run_id": connection.execute(text("SELECT max(run_id) FROM clv.run")).scalar_one()}
        load_id = connection.execute(statement("begin_load"), run | {"as_of": DECEMBER}).scalar_one()
        connection.execute(text(insert + copied), {"load_id": load_id, "suffix": ""})
        record = {"load_id": load_id, "lake_fingerprint": "x"}
        assert connection.execute(statement("record_load"), record).mappings().one()["forecast_rows"] > 0
        with pytest.raises(DBAPIError, match=CLOSED):
            connection.execute(text(insert + copied), {"load_id": load_id, "suffix": "-added"})


def test_a_load_that_another_transaction_opened_cannot_be_recorded(published: Database) -> None:
    with published.writer.connect() as connection:
        record = {"load_id": 1, "lake_fingerprint": "forged"}
        assert connection.execute(statement("record_load"), record).all() == []


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO clv.run (run_id, as_of, dag_run_id, trigger, source) OVERRIDING SYSTEM VALUE "
        "VALUES (9000000000000000000, '2011-12-01', 'x', 'x', 'x')",
        "INSERT INTO clv.run (as_of, dag_run_id, trigger, source, planned_at) "
        "VALUES ('2011-12-01', 'x', 'x', 'x', 'infinity')",
        "INSERT INTO clv.forecast_load (as_of, run_id, model_version, forecast_rows, clv_12m_total, money_totals, "
        "content_hash, lake_fingerprint) VALUES ('2011-12-01', 1, 1, 1, 1, '{}', '', '')",
        "INSERT INTO clv.model_decision (decision_id, as_of, model_version, decision, reasons, decided_by) "
        "OVERRIDING SYSTEM VALUE VALUES (9000000000000000000, '2011-12-01', 1, 'chosen', '{}', 'me')",
    ],
)
def test_the_database_numbers_and_dates_what_the_writer_adds(published: Database, sql: str) -> None:
    with pytest.raises(ProgrammingError, match=DENIED):
        attempt(published.writer, sql)


def test_a_run_is_planned_only_for_the_first_of_a_month(published: Database) -> None:
    with pytest.raises(DBAPIError, match="as_of_is_the_first_of_a_month"):
        attempt(
            published.writer,
            "INSERT INTO clv.run (as_of, dag_run_id, trigger, source) VALUES ('2011-12-02', 'x', 'x', 'x')",
        )


def test_a_role_of_another_application_cannot_connect(postgres: Postgres, published: Database) -> None:
    postgres.execute("CREATE ROLE stranger LOGIN")
    stranger = engine(published.reader_url.replace("clv_reader", "stranger"))
    with pytest.raises(DBAPIError, match="permission denied for database"):
        attempt(stranger, "SELECT 1")
