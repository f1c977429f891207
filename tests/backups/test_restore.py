"""A backup that was made while all was in use brings everything back, on a machine that has nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from sqlalchemy import text

from jobs import back_up, restore
from jobs.backups import databases
from jobs.backups.contents import LISTING
from jobs.backups.databases import DATABASES, BackupError, dump
from jobs.core.migrations import migrate
from jobs.core.postgres import engine
from jobs.lake.lake import Lake
from jobs.lake.tables import FORECASTS
from jobs.local_stack import postgres_server
from tests.backups.servers import contents, database_of, older_server, point_at, roles, server
from tests.forecasts import DECEMBER, NOVEMBER, OCTOBER, seen


def test_everything_is_there_again(
    used: tuple[Path, Path], made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, sockets = used
    again = tmp_path / "again"
    again.mkdir()
    with server(again) as other:
        point_at(monkeypatch, again, other)
        restore.main(["--from", str(made)])
        for database in DATABASES:
            assert contents(other, database) == contents(sockets, database)
            assert "COPY " in contents(other, database)
        assert roles(other) == roles(sockets)
        assert any('CREATE ROLE "a ""BI"" tool"' in line for line in roles(other))
        assert seen(database_of(other), "all_runs") == seen(database_of(sockets), "all_runs")
    assert (again / "mlflow/1/model.ubj").read_bytes() == b"mlflow/1/model.ubj"
    assert (again / "reports/2011-11/page.html").read_bytes() == b"reports/2011-11/page.html"
    assert not (again / "lake/landing_cache").exists()
    for as_of in (OCTOBER, NOVEMBER, DECEMBER):
        record = Lake(str(again / "lake")).record(FORECASTS, as_of)
        assert record == Lake(str(state / "lake")).record(FORECASTS, as_of)


def test_only_its_owner_can_read_it(made: Path) -> None:
    assert made.stat().st_mode & 0o777 == 0o700


def test_what_is_there_is_not_overwritten(
    used: tuple[Path, Path], made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, sockets = used
    with pytest.raises(BackupError, match="backup exists: nothing was done"):
        back_up.main(["--to", str(made)])
    with pytest.raises(BackupError, match="mlflow is not empty: nothing was restored"):
        restore.main(["--from", str(made)])
    before = contents(sockets, "clv")
    point_at(monkeypatch, tmp_path / "again", sockets)
    with pytest.raises(BackupError, match="the database clv has tables already: nothing was restored"):
        restore.main(["--from", str(made)])
    assert contents(sockets, "clv") == before
    assert not (tmp_path / "again").exists()


def test_a_backup_that_fails_leaves_nothing_and_one_that_was_killed_is_not_restored(
    used: tuple[Path, Path], made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_at(monkeypatch, *used)

    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(back_up, "copy_folder", full)
    with pytest.raises(OSError, match="No space left"):
        back_up.main(["--to", str(tmp_path / "second")])
    assert not list(tmp_path.glob("second*"))
    (made / LISTING).unlink()
    with pytest.raises(BackupError, match=r"is no complete backup: it has no backup\.json"):
        restore.main(["--from", str(made)])


def test_the_databases_alone_can_be_restored(
    used: tuple[Path, Path], made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, sockets = used
    (tmp_path / "other").mkdir()
    with server(tmp_path / "other") as other:
        point_at(monkeypatch, state, other)
        with pytest.raises(BackupError, match="is not empty: nothing was restored"):
            restore.main(["--from", str(made)])
        restore.main(["--from", str(made), "--databases-only"])
        assert contents(other, "clv") == contents(sockets, "clv")


def test_a_dump_that_was_cut_short_is_refused_with_the_reason(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = (made / "clv.dump").read_bytes()
    (made / "clv.dump").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "other").mkdir()
    with server(tmp_path / "other") as other:
        point_at(monkeypatch, tmp_path / "again", other)
        with pytest.raises(BackupError, match="pg_restore failed"):
            restore.main(["--from", str(made)])


def test_a_server_without_forecasts_is_named(
    used: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with server(tmp_path) as sockets:
        point_at(monkeypatch, used[0], sockets)
        with pytest.raises(BackupError, match="the server has no database clv"):
            back_up.main(["--to", str(tmp_path / "backup")])
    with pytest.raises(BackupError, match="check CLV_SUPERUSER_DATABASE_URL"):
        back_up.main(["--to", str(tmp_path / "backup")])
    assert not list(tmp_path.glob("backup*"))


def test_a_server_of_an_older_version_is_backed_up_and_restored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`pg_restore` of version 18 sets a parameter that version 16 does not know."""
    (tmp_path / "made").mkdir()
    with older_server(tmp_path / "old") as sockets:
        postgres_server.create_databases(sockets)
        migrate(database_of(sockets).owner)
        before = contents(sockets, "clv")
        address = postgres_server.url("postgres", "postgres", sockets)
        dump(address, tmp_path / "made")
        with engine(address).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("DROP DATABASE clv"))
        databases.restore_databases(address, tmp_path / "made")
        assert contents(sockets, "clv") == before


def test_a_password_is_neither_on_the_command_line_nor_in_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[list[object], dict[str, str]]] = []

    def run(command: list[object], env: dict[str, str], **_: object) -> subprocess.CompletedProcess[str]:
        started.append((command, env))
        return subprocess.CompletedProcess([], 1, stdout="", stderr="connection refused")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(BackupError, match="pg_dumpall failed: connection refused"):
        databases._run("postgresql+psycopg2://postgres:s%40cret@db:5433/postgres", "pg_dumpall", "--roles-only")
    [(command, environment)] = started
    assert not any("s@cret" in str(word) or "s%40cret" in str(word) for word in command)
    assert [environment[name] for name in ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD")] == [
        *("db", "5433", "postgres", "s@cret")
    ]
