"""What the roles of the forecast database may do, over everything that is in its catalog: no list kept by hand."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from jobs.core.migrations import migrate
from jobs.core.postgres import SQL, engine
from tests.conftest import Database, Postgres

# ruff: noqa: S608 - the texts that are put together are these alone

OURS = "nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'"

ON_RELATIONS = f"""
    SELECT nspname AS schema, relname AS name, relkind::text AS kind, privilege
    FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace,
    unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS privilege
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND {OURS} AND has_any_column_privilege(:role, pg_class.oid, privilege)
    UNION ALL
    SELECT nspname, relname, relkind::text, privilege
    FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace,
    unnest(ARRAY['DELETE', 'TRUNCATE', 'TRIGGER']) AS privilege
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND {OURS} AND has_table_privilege(:role, pg_class.oid, privilege)
"""
WRITES_TO_THE_CATALOG = """
    SELECT relname, privilege
    FROM pg_class, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS privilege
    WHERE relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
    AND relkind IN ('r', 'p', 'v') AND has_table_privilege(:role, oid, privilege)
    AND NOT (relname = 'pg_settings' AND privilege = 'UPDATE') -- SET, by another name
"""
ON_SEQUENCES = """
    SELECT relname FROM pg_class, unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) AS privilege
    WHERE CASE relkind WHEN 'S' THEN has_sequence_privilege(:role, oid, privilege) END
"""
ON_FUNCTIONS = f"""
    SELECT proname AS name FROM pg_proc JOIN pg_namespace AS n ON n.oid = pronamespace
    WHERE {OURS} AND has_function_privilege(:role, pg_proc.oid, 'EXECUTE')
"""
ON_SCHEMAS = f"""
    SELECT nspname AS name, privilege FROM pg_namespace, unnest(ARRAY['USAGE', 'CREATE']) AS privilege
    WHERE {OURS} AND has_schema_privilege(:role, oid, privilege)
"""
ON_DATABASES = """
    SELECT privilege FROM unnest(ARRAY['CONNECT', 'CREATE', 'TEMPORARY']) AS privilege
    WHERE has_database_privilege(:role, current_database(), privilege)
"""
ATTRIBUTES = """
    SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS any_power,
    (SELECT count(*) FROM pg_auth_members WHERE member = pg_roles.oid) AS memberships,
    (SELECT count(*) FROM pg_shdepend WHERE refobjid = pg_roles.oid AND deptype = 'o') AS owned
    FROM pg_roles WHERE rolname = :role
"""
LARGE_OBJECTS_AND_LOCKS = """
    SELECT oid::regprocedure::text FROM pg_proc
    WHERE pronamespace = 'pg_catalog'::regnamespace AND has_function_privilege(:role, oid, 'EXECUTE')
    AND proname ~ '^(lo_(creat|create|from_bytea|put|import|unlink)$|lowrite$|pg_(try_)?advisory_(xact_)?lock)'
"""


@pytest.fixture(scope="module")
def migrated(postgres: Postgres) -> Database:
    """A database of its own: a copy of a template would lack the rights on the database itself."""
    name = postgres.create_database()
    migrate(engine(postgres.url("postgres", name)))
    return Database(*(postgres.url(role, name) for role in ("postgres", "clv_writer", "clv_reader")))


def ask(database: Database, question: str, role: str) -> list[tuple[object, ...]]:
    with database.owner.connect() as connection:
        return [tuple(row) for row in connection.execute(text(question), {"role": role})]


def test_the_reader_selects_from_views_of_our_schema_and_nothing_else(migrated: Database) -> None:
    held = ask(migrated, ON_RELATIONS, "clv_reader")
    assert {(schema, kind, privilege) for schema, _, kind, privilege in held} == {("clv", "v", "SELECT")}


def test_every_view_is_there_for_the_reader(migrated: Database) -> None:
    views = "SELECT 'clv', relname::text, 'v', 'SELECT' FROM pg_class WHERE relnamespace = 'clv'::regnamespace"
    assert set(ask(migrated, f"{views} AND relkind = 'v' AND :role <> ''", "clv_reader")) == set(
        ask(migrated, ON_RELATIONS, "clv_reader")
    )


def test_the_service_selects_what_it_answers_from_keys_and_hashes_and_nothing_else(migrated: Database) -> None:
    views = {"forecast", "runs", "run_failures", "publications", "model_decisions", "customer_list"}
    views |= {"customer", "forecast_total", "accuracy"}
    assert set(ask(migrated, ON_RELATIONS, "clv_api")) == {
        *(("clv", view, "v", "SELECT") for view in views),
        ("clv", "api_key", "r", "SELECT"),
        ("clv", "model_hash", "r", "SELECT"),
    }
    assert ask(migrated, ON_FUNCTIONS, "clv_api") == [("total_interval",)]
    assert ask(migrated, ON_SEQUENCES, "clv_api") == []


def test_nobody_but_the_owner_makes_or_reads_keys(migrated: Database) -> None:
    for role in ("clv_reader", "clv_writer"):
        assert "api_key" not in {name for _, name, _, _ in ask(migrated, ON_RELATIONS, role)}


def test_the_reader_calls_two_functions_that_only_compute_and_draws_no_number(migrated: Database) -> None:
    assert sorted(ask(migrated, ON_FUNCTIONS, "clv_reader")) == [("margin_total_interval",), ("total_interval",)]
    assert ask(migrated, ON_SEQUENCES, "clv_reader") == []


@pytest.mark.parametrize("role", ["clv_reader", "clv_writer", "clv_api"])
def test_nobody_but_the_owner_creates_owns_or_inherits_anything(migrated: Database, role: str) -> None:
    assert ask(migrated, ON_SCHEMAS, role) == [("clv", "USAGE")]
    assert ask(migrated, ON_DATABASES, role) == [("CONNECT",)]
    assert ask(migrated, WRITES_TO_THE_CATALOG, role) == []
    assert ask(migrated, ATTRIBUTES, role) == [(False, 0, 0)]


@pytest.mark.parametrize("role", ["clv_reader", "clv_writer", "clv_api"])
def test_nobody_fills_the_disk_with_large_objects_or_holds_up_a_publish_by_its_lock(
    migrated: Database, role: str
) -> None:
    assert ask(migrated, LARGE_OBJECTS_AND_LOCKS, role) == []


def statements_that(*patterns: str) -> set[str]:
    """The tables of our schema that a statement of `sql/queries/` names behind one of the patterns."""
    texts = [path.read_text(encoding="utf-8") for path in (SQL / "queries").glob("*.sql")]
    actual = (re.findall(rf"{pattern}\s+clv\.(\w+)", body) for body in texts for pattern in patterns)
    return {table for tables in actual for table in tables}


def test_the_writer_holds_no_privilege_that_no_statement_needs(migrated: Database) -> None:
    held: dict[str, set[str]] = {}
    for schema, table, _, privilege in ask(migrated, ON_RELATIONS, "clv_writer"):
        assert schema == "clv"
        held.setdefault(str(privilege), set()).add(str(table))
    upserts = {
        table
        for path in (SQL / "queries").glob("*.sql")
        if "DO UPDATE" in (body := path.read_text(encoding="utf-8"))
        for table in re.findall(r"INSERT INTO clv\.(\w+)", body)
    }
    assert set(held) == {"SELECT", "INSERT", "UPDATE"}
    assert held["INSERT"] <= statements_that("INSERT INTO", "COPY")
    assert held["UPDATE"] <= statements_that("UPDATE") | upserts


def test_the_writer_calls_only_functions_that_a_statement_calls(migrated: Database) -> None:
    texts = " ".join(path.read_text(encoding="utf-8") for path in (SQL / "queries").glob("*.sql"))
    called = set(re.findall(r"clv\.(\w+)\s*\(", texts))
    assert {name for (name,) in ask(migrated, ON_FUNCTIONS, "clv_writer")} <= called
