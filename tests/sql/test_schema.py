from __future__ import annotations

import re

from sqlalchemy import text

from docs.generate.schema import PAGE, schema
from jobs.core.postgres import statement
from jobs.lake.tables import FORECASTS
from tests.conftest import Database, Postgres

COLUMNS = text(
    """
    SELECT c.relname AS relation, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
        col_description(c.oid, a.attnum) AS comment
    FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'clv'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY c.relname, a.attnum
    """
)
RELATIONS = text(
    """
    SELECT relname AS name, obj_description(oid, 'pg_class') AS comment, relowner::regrole::text AS owner
    FROM pg_class WHERE relnamespace = 'clv'::regnamespace AND relkind IN ('r', 'p', 'v', 'S', 'i')
    """
)
FUNCTIONS = text(
    "SELECT proname AS name, obj_description(oid, 'pg_proc') AS comment FROM pg_proc "
    "WHERE pronamespace = 'clv'::regnamespace"
)

SQL_TYPES = {
    "string": "text",
    "decimal(18,2)": "numeric(18,2)",
    "double": "double precision",
    "bigint": "bigint",
}
MARGIN_VIEWS = (
    *("forecast", "forecast_current", "forecast_monthly", "forecast_total", "forecast_total_monthly"),
    *("accuracy", "actual", "customer", "customer_current", "publications"),
    *("bridge", "drift", "drift_distribution", "validation", "ingested", "rejected"),
)
FORECAST = [(column.name, SQL_TYPES[column.type], column.comment) for column in FORECASTS.columns]


def columns(database: Database, relation: str) -> list[tuple[str, str, str]]:
    with database.owner.connect() as connection:
        return [(row.name, row.type, row.comment) for row in connection.execute(COLUMNS) if row.relation == relation]


def test_every_table_view_column_and_function_has_a_comment(database: Database) -> None:
    with database.owner.connect() as connection:
        silent = [f"{row.relation}.{row.name}" for row in connection.execute(COLUMNS) if not row.comment]
        silent += [row.name for row in connection.execute(FUNCTIONS) if not row.comment]
        tables = {row.name for row in connection.execute(RELATIONS) if row.comment}
    assert silent == []
    assert tables == {
        *("schema_migrations", "run", "run_task", "forecast_load", "forecast_rows", "published", "published_history"),
        *("forecast", "forecast_current", "forecast_monthly", "runs", "model_decision", "model_decisions"),
        "publications",
        *("published_load", "published_margin", "realised_month", "actual_month_margin", "all_runs"),
        *("realised_rows", "actual_rows_margin", *(f"margin_{view}" for view in MARGIN_VIEWS)),
        *("open_load", "model_hash"),
        *("run_failure", "run_failures"),
        *("first_month_rows", "first_month_open", "first_month", "first_month_accuracy_rows", "first_month_accuracy"),
        *("api_key", "customer_list"),
        *("actual_month", "actual_rows", "actual", "accuracy_measured", "accuracy_rows", "accuracy"),
        *("run_level", "total_rows", "forecast_total", "total_month_rows", "forecast_total_monthly"),
        *("bridge_rows", "bridge", "drift_rows", "drift", "drift_distribution"),
        *("customer_rows", "customer", "customer_current"),
        *("validation_rows", "validation", "ingested_rows", "ingested", "rejected_rows", "rejected"),
        *("maintenance_rows", "maintenance"),
        *("erasure", "erased_load", "erased_customer", "erasure_salt", "erasures"),
    }


def test_everything_belongs_to_the_owner_role(database: Database) -> None:
    with database.owner.connect() as connection:
        assert {row.owner for row in connection.execute(RELATIONS)} == {"clv_owner"}


def test_the_forecast_has_the_columns_types_and_meanings_of_the_lake(database: Database) -> None:
    _, *rows = columns(database, "forecast_rows")
    assert rows == FORECAST
    for view in ("forecast", "forecast_current"):
        actual = columns(database, view)
        assert [column for column in actual if column[0] not in ("as_of", "run_id", "data_month")] == FORECAST
        assert {name for name, _, _ in actual} == {"as_of", "run_id", "data_month", *FORECASTS.names}


def test_the_views_of_the_margin_have_the_columns_of_those_of_net_revenue(database: Database) -> None:
    for view in MARGIN_VIEWS:
        of_margin = [(name, kind) for name, kind, _ in columns(database, f"margin_{view}")]
        assert of_margin == [(name, kind) for name, kind, _ in columns(database, view)]


def test_the_columns_of_the_lake_are_the_ones_that_are_copied() -> None:
    [copied] = re.findall(r"forecast_rows \(([^)]*)\)", statement("copy_forecast").text)
    assert re.findall(r"\w+", copied) == ["load_id", *FORECASTS.names]


def record_load() -> str:
    """The definition of the function that totals a load."""
    functions = PAGE.read_text(encoding="utf-8").split("CREATE FUNCTION clv.")
    return next(function for function in functions if function.startswith("record_load("))


def test_the_content_hash_covers_every_column_but_the_model_version() -> None:
    [hashed] = re.findall(r"row\(([^)]*)\)", record_load())
    assert re.findall(r"\w+", hashed) == [name for name in FORECASTS.names if name != "model_version"]


def test_the_totals_cover_every_money_column() -> None:
    totalled = re.findall(r"'(\w+)', sum\((\w+)\)::text", record_load())
    money = [column.name for column in FORECASTS.columns if column.type.startswith("decimal")]
    assert totalled == [(name, name) for name in money]


def test_the_schema_file_is_what_the_migrations_build(postgres: Postgres, migrated_template: str) -> None:
    name = postgres.create_database(template=migrated_template)
    assert PAGE.read_text(encoding="utf-8") == schema(postgres.socket_folder, name), "run: make docs"
