from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg2
import psycopg2.extensions
import pytest
from sqlalchemy import text

from jobs.core import migrations
from jobs.core.migrations import MIGRATIONS, MigrationError, migrate
from jobs.core.postgres import engine, fetch
from jobs.core.settings import SettingsError
from jobs.migrate import main
from tests.conftest import Database, Postgres

ALL = [file.stem for file in sorted(MIGRATIONS.glob("*.sql"))]


@pytest.fixture
def empty_url(postgres: Postgres) -> str:
    return postgres.url("postgres", postgres.create_database())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MIGRATIONS, tmp_path / "migrations"))


def test_an_empty_database_goes_through_every_migration_once(empty_url: str) -> None:
    assert migrate(engine(empty_url)) == ALL
    assert migrate(engine(empty_url)) == []
    assert [row["name"] for row in fetch(engine(empty_url), "applied_migrations")] == ALL


def test_decisions_of_before_took_effect_when_they_were_made(empty_url: str, folder: Path) -> None:
    later = [file for file in sorted(folder.glob("*.sql")) if file.name >= "0013"]
    for file in later:
        file.rename(file.with_suffix(".later"))
    migrate(engine(empty_url), folder)
    insert = """
        INSERT INTO clv.model_decision (
            as_of, model_version, decision, champion_before, champion_after, reasons, decided_by, decided_at
        )
        VALUES
        ('2011-11-01', 1, 'chosen', NULL, 1, '{}', 'Ada', '2011-11-05'),
        ('2011-12-01', 1, 'chosen', 1, 1, '{}', 'Ada', '2011-12-05')
    """
    with engine(empty_url).begin() as connection:
        connection.execute(text(insert))

    migrate(engine(empty_url))

    decisions = text("SELECT model_name, took_effect_at = decided_at FROM clv.model_decisions ORDER BY decision_id")
    with engine(empty_url).begin() as connection:
        assert [tuple(row) for row in connection.execute(decisions)] == [("clv", True), ("clv", None)]


def test_processes_that_migrate_at_once_apply_each_migration_once(empty_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        applied = list(pool.map(lambda _: migrate(engine(empty_url)), range(4)))
    assert sorted(name for names in applied for name in names) == ALL


def test_an_edited_migration_is_refused_by_name(database: Database, folder: Path) -> None:
    with (folder / f"{ALL[1]}.sql").open("a") as file:
        file.write("-- a word\n")
    with pytest.raises(MigrationError, match=rf"{ALL[1]}\.sql was edited after it had been applied"):
        migrate(engine(database.owner_url), folder)


def test_a_migration_numbered_before_an_applied_one_is_refused(database: Database, folder: Path) -> None:
    (folder / "0001_a_late_thought.sql").write_text("SELECT 1;")
    with pytest.raises(MigrationError, match="next free number"):
        migrate(engine(database.owner_url), folder)


def test_a_database_that_is_ahead_of_the_code_is_refused(database: Database, folder: Path) -> None:
    (folder / f"{ALL[-1]}.sql").unlink()
    with pytest.raises(MigrationError, match="Deploy the code that made the database"):
        migrate(engine(database.owner_url), folder)


def test_a_migration_that_fails_leaves_nothing_and_can_be_mended(database: Database, folder: Path) -> None:
    added = folder / "9999_add_table.sql"
    added.write_text("CREATE TABLE clv.added (x int); SELECT 100 % 7, ':colon', no_such_function();")
    with pytest.raises(psycopg2.errors.UndefinedFunction, match="no_such_function"):
        migrate(engine(database.owner_url), folder)
    added.write_text("CREATE TABLE clv.added (x int); SELECT 100 % 7, ':colon';")
    assert migrate(engine(database.owner_url), folder) == ["9999_add_table"]


def test_an_owner_who_is_no_superuser_can_migrate_where_the_operator_made_the_roles(
    postgres: Postgres, migrated_template: str
) -> None:
    name = postgres.create_database()
    postgres.execute(f"ALTER DATABASE {name} OWNER TO clv_owner")
    postgres.execute("ALTER ROLE clv_owner LOGIN")
    try:
        assert migrate(engine(postgres.url("clv_owner", name))) == ALL
    finally:
        postgres.execute("ALTER ROLE clv_owner NOLOGIN")


def test_the_command_asks_for_the_owner_s_address(monkeypatch: pytest.MonkeyPatch, empty_url: str) -> None:
    monkeypatch.delenv("CLV_OWNER_DATABASE_URL", raising=False)
    with pytest.raises(SettingsError, match="CLV_OWNER_DATABASE_URL"):
        main([])
    monkeypatch.setenv("CLV_OWNER_DATABASE_URL", empty_url)
    main([])
    assert [row["name"] for row in fetch(engine(empty_url), "applied_migrations")] == ALL


@pytest.fixture
def in_use(database: Database, folder: Path) -> Iterator[psycopg2.extensions.connection]:
    """A reader's open transaction on a table that the next migration changes."""
    (folder / "9999_add_column.sql").write_text("ALTER TABLE clv.run ADD COLUMN added text;")
    with closing(psycopg2.connect(database.owner_url.replace("+psycopg2", ""))) as reader:
        with reader.cursor() as cursor:
            cursor.execute("SELECT run_id FROM clv.run")
        yield reader


def test_a_migration_waits_for_a_reader_and_lets_other_readers_pass(
    database: Database, folder: Path, in_use: psycopg2.extensions.connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts = Counter[str]()

    def pause(_: float) -> None:
        attempts["refused"] += 1
        with database.owner.begin() as other:
            other.exec_driver_sql("SET LOCAL lock_timeout = '1s'")
            other.exec_driver_sql("SELECT run_id FROM clv.run")
        if attempts["refused"] == 2:
            in_use.rollback()

    monkeypatch.setattr("jobs.core.migrations.sleep", pause)
    assert migrate(engine(database.owner_url), folder) == ["9999_add_column"]
    assert attempts["refused"] == 2


def test_a_table_that_stays_in_use_ends_the_migration_with_the_reason(
    database: Database,
    folder: Path,
    in_use: psycopg2.extensions.connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(migrations, "LOCK_ATTEMPTS", 2)
    monkeypatch.setattr(migrations, "LOCK_PAUSE_SECONDS", 0.0)
    with pytest.raises(MigrationError, match=r"stayed in use through 2 attempts.*pg_stat_activity"):
        migrate(engine(database.owner_url), folder)
    assert not in_use.closed
    assert [row["name"] for row in fetch(database.owner, "applied_migrations")] == ALL
