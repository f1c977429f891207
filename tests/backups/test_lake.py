"""The lake in a backup: copied while it is written, and compared with its logs."""

from __future__ import annotations

import json
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from jobs import back_up, restore
from jobs.backups.databases import BackupError
from jobs.backups.files import copy_lake, damage
from jobs.core.month import Month
from jobs.lake.lake import Lake
from jobs.lake.tables import DAILY, FORECASTS
from jobs.lake.versions import Record
from tests.backups.servers import database_of, point_at, server
from tests.forecasts import OCTOBER, publish_new_run, seen
from tests.periods import put

JANUARY = date(2012, 1, 1)


@pytest.mark.parametrize("is_log", [False, True])
def test_a_damaged_lake_is_said_and_backed_up_and_restored_all_the_same(
    used: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    is_log: bool,
) -> None:
    state, sockets = used
    damaged = tmp_path / "state"
    shutil.copytree(state, damaged, ignore=lambda _, names: {"data"} & set(names))
    if is_log:
        (damaged / "lake/forecasts/_delta_log" / f"{1:020d}.json").write_text('{"commitInfo":')
        found = "the log of forecasts in .* cannot be read"
    else:
        [file] = Lake(str(damaged / "lake")).files_of(FORECASTS, [OCTOBER])
        (damaged / "lake" / file.path).unlink()
        found = f"{file.path} is missing"
    point_at(monkeypatch, damaged, sockets)
    with pytest.raises(BackupError, match=rf"backup is made, but .* damaged: .*{found}"):
        back_up.main(["--to", str(tmp_path / "backup")])
    (tmp_path / "other").mkdir()
    with server(tmp_path / "other") as other:
        point_at(monkeypatch, tmp_path / "again", other)
        restore.main(["--from", str(tmp_path / "backup")])
        assert seen(database_of(other), "all_runs") == seen(database_of(sockets), "all_runs")
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    said = rf"The lake is damaged, as it was when it was backed up: .*{found}"
    assert any(re.search(said, warning) for warning in warnings)


@pytest.mark.parametrize("folder", ["mlflow", "lake", "reports"])
def test_a_folder_that_is_not_there_is_named(
    used: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    _, sockets = used
    for name in ("mlflow", "lake", "reports"):
        if name != folder:
            (tmp_path / name).mkdir()
    point_at(monkeypatch, tmp_path, sockets)
    with pytest.raises(BackupError, match=f"{folder} does not exist: check the variable"):
        back_up.main(["--to", str(tmp_path / "backup")])
    assert not list(tmp_path.glob("backup*"))


def test_a_table_of_the_lake_that_is_gone_is_damage_where_a_forecast_was_made_from_it(
    used: tuple[Path, Path], tmp_path: Path
) -> None:
    lake = Lake(str(used[0] / "lake"))
    pinned = lake.versions_of([FORECASTS])
    assert damage(lake.root, [FORECASTS], [pinned]) == []
    assert damage(str(tmp_path), [FORECASTS], [pinned]) == ["the table forecasts is missing"]
    assert damage(str(tmp_path), [FORECASTS], []) == []


def test_a_lake_that_is_written_meanwhile_is_copied_whole(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    months = Month(2009, 1).through(Month(2010, 12))
    put(lake, DAILY, months[0], Record(rows=1, fingerprint="first"))
    with ThreadPoolExecutor() as pool:
        writing = pool.submit(lambda: [put(lake, DAILY, month, Record(1, str(month))) for month in months])
        copies: list[Path] = []
        while not writing.done() or not copies:
            copies.append(tmp_path / f"copy-{len(copies)}")
            copy_lake(Path(lake.root), copies[-1])
        writing.result()
    assert [damage(str(copy), [DAILY], []) for copy in copies] == [[]] * len(copies)
    assert len({len(Lake(str(copy)).periods(DAILY)) for copy in copies}) > 1


def test_a_log_with_a_checkpoint_is_copied_whole(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    for month in Month(2010, 1).through(Month(2010, 6)):
        put(lake, DAILY, month, Record(1, str(month)))
        version = lake.version(DAILY)
        assert version is not None
        version.delta.create_checkpoint()
    copy_lake(Path(lake.root), tmp_path / "copy")
    assert damage(str(tmp_path / "copy"), [DAILY], []) == []
    assert Lake(str(tmp_path / "copy")).periods(DAILY) == lake.periods(DAILY)
    log = tmp_path / "copy" / "daily" / "_delta_log"
    assert (log / "_last_checkpoint").is_file()
    assert len(list(log.glob("*.checkpoint.parquet"))) == 6


def test_a_month_that_is_published_meanwhile_does_not_spoil_the_backup(
    used: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, sockets = used
    busy = tmp_path / "state"
    shutil.copytree(state, busy, ignore=lambda _, names: {"data"} & set(names))
    point_at(monkeypatch, busy, sockets)

    def publishing(lake: Path, copy: Path) -> None:
        copy_lake(lake, copy)
        with_january = Lake(str(lake))
        publish_new_run(database_of(sockets), with_january, JANUARY, level="5.00")
        with database_of(sockets).owner.begin() as connection:
            versions = json.dumps(with_january.versions_of([FORECASTS]))
            connection.execute(
                text("UPDATE clv.run SET lake_versions = cast(:versions AS jsonb) WHERE as_of = :as_of"),
                {"versions": versions, "as_of": JANUARY},
            )

    monkeypatch.setattr(back_up, "copy_lake", publishing)
    back_up.main(["--to", str(tmp_path / "backup")])
    (tmp_path / "other").mkdir()
    with server(tmp_path / "other") as other:
        point_at(monkeypatch, tmp_path / "again", other)
        restore.main(["--from", str(tmp_path / "backup")])
        assert JANUARY not in {entry["as_of"] for entry in seen(database_of(other), "all_runs")}
