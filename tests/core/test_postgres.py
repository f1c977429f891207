from __future__ import annotations

import pytest
from sqlalchemy import text

from jobs.core.postgres import APPLICATION_NAME, SERVER_SETTINGS, SQL, engine, execute, fetch
from tests.conftest import Database
from tests.forecasts import DECEMBER, plan

QUERIES = sorted((SQL / "queries").glob("*.sql"))


def test_a_connection_speaks_utc_and_waits_for_nothing_for_ever(database: Database) -> None:
    settings = ("application_name", *SERVER_SETTINGS)
    with database.writer.connect() as connection:
        actual = {name: connection.execute(text(f"SHOW {name}")).scalar_one() for name in settings}
    assert actual == {
        "application_name": APPLICATION_NAME,
        "timezone": "UTC",
        "statement_timeout": "15min",
        "lock_timeout": "10s",
        "idle_in_transaction_session_timeout": "2min",
    }


def test_no_connection_stays_open_between_statements(database: Database) -> None:
    writer = database.writer
    fetch(writer, "newest_published_as_of", value_basis="net_revenue")
    sessions = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'clv_writer'"
    )
    with database.owner.connect() as connection:
        assert connection.execute(sessions).scalar_one() == 0


def test_a_password_does_not_show() -> None:
    assert "hunter2" not in repr(engine("postgresql+psycopg2://clv_writer:hunter2@127.0.0.1/clv"))


def test_values_are_bound_and_never_read_as_sql(database: Database) -> None:
    run_id = plan(database.writer, DECEMBER)
    task = "x'); DROP TABLE clv.run_task; -- %s :rows"
    execute(database.writer, "record_task", run_id=run_id, task=task, seconds=1.5, peak_memory_mb=7, rows=None)
    assert [dict(actual) for actual in fetch(database.writer, "run_tasks", run_id=run_id)] == [
        {"task": task, "seconds": 1.5, "peak_memory_mb": 7, "rows": None}
    ]


def test_a_task_that_ran_again_says_what_it_cost_the_last_time(database: Database) -> None:
    run_id = plan(database.writer, DECEMBER)
    for seconds in (1.0, 2.0):
        execute(database.writer, "record_task", run_id=run_id, task="score", seconds=seconds, peak_memory_mb=1, rows=4)
    assert [actual["seconds"] for actual in fetch(database.writer, "run_tasks", run_id=run_id)] == [2.0]


@pytest.mark.parametrize("file", QUERIES, ids=lambda file: file.stem)
def test_every_query_file_is_one_statement_below_its_purpose(file: object) -> None:
    first, *rest = file.read_text(encoding="utf-8").rstrip().splitlines()  # type: ignore[attr-defined]
    assert first.startswith("-- ")
    assert "\n".join(rest).count(";") == 1
    assert rest[-1].endswith(";")
