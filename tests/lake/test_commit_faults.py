"""A process that is killed, or whose disk is full, around a commit: the old rows or the new ones, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from jobs.core.month import Month
from jobs.lake import commits
from jobs.lake.arrow import read_rows
from jobs.lake.commits import UncertainError
from jobs.lake.lake import Lake
from jobs.lake.tables import TRANSACTIONS
from jobs.lake.versions import Record
from jobs.lake.written import ContractError
from tests.conftest import ROOT
from tests.periods import put

OCTOBER, NOVEMBER = Month(2011, 10), Month(2011, 11)

WRITE = """
import os, resource, signal, sys
from jobs.core.month import Month
from jobs.lake import arrow, commits, lake
from jobs.lake.lake import Lake
from jobs.lake.tables import TRANSACTIONS
from jobs.lake.versions import Record
from tests.periods import put

def killed(module, name, when):
    original = getattr(module, name)
    def run(*arguments, **named):
        if when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)
    setattr(module, name, run)

def full(module, name):
    original = getattr(module, name)
    def run(*arguments, **named):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, resource.RLIM_INFINITY))
        try:
            return original(*arguments, **named)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    setattr(module, name, run)

exec(sys.argv[2])
put(Lake(sys.argv[1]), TRANSACTIONS, Month(2011, 11), Record(rows=5, fingerprint="new"))
"""

POINTS = {
    "killed before the rows are written": ('killed(arrow.pq, "write_table", "before")', "old"),
    "killed once the rows are written": ('killed(arrow.pq, "write_table", "after")', "old"),
    "killed before the commit": ('killed(commits, "_make", "before")', "old"),
    "killed once it has committed": ('killed(commits, "_make", "after")', "new"),
    "the disk is full when rows are written": ('full(arrow.pq, "write_table")', "old"),
    "the disk is full when it commits": ('full(commits, "_make")', "old"),
}


@pytest.mark.parametrize("point", POINTS)
def test_a_fault_leaves_the_old_rows_or_the_new_ones_and_a_rerun_the_new(lake: Lake, point: str) -> None:
    put(lake, TRANSACTIONS, OCTOBER, Record(rows=2, fingerprint="other"))
    put(lake, TRANSACTIONS, NOVEMBER, Record(rows=3, fingerprint="old"))
    fault, left = POINTS[point]
    command = [sys.executable, "-c", WRITE, lake.root, fault]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode != 0, ended.stderr
    assert lake.record(TRANSACTIONS, NOVEMBER).fingerprint == left
    assert len(read_rows(lake, TRANSACTIONS, [NOVEMBER])) == {"old": 3, "new": 5}[left]
    subprocess.run([*command[:-1], ""], cwd=ROOT, check=True)
    assert lake.record(TRANSACTIONS, NOVEMBER).fingerprint == "new"
    assert len(read_rows(lake, TRANSACTIONS, [NOVEMBER])) == 5
    assert len(read_rows(lake, TRANSACTIONS, [OCTOBER])) == 2


def test_a_full_disk_is_the_reason_that_is_told(lake: Lake) -> None:
    put(lake, TRANSACTIONS, NOVEMBER, Record(rows=3, fingerprint="old"))
    fault, _ = POINTS["the disk is full when it commits"]
    command = [sys.executable, "-c", WRITE, lake.root, fault]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "CommitError: clean/transactions in " in ended.stderr
    assert "File too large" in ended.stderr
    assert "Nothing was changed" in ended.stderr
    assert len(list(Path(lake.root).glob("clean/transactions/write-*"))) == 1


def test_rows_that_are_lost_before_the_commit_are_not_committed(lake: Lake) -> None:
    put(lake, TRANSACTIONS, NOVEMBER, Record(rows=3, fingerprint="old"))
    with (
        pytest.raises(ContractError, match="3 rows are to be recorded, but 0 are in"),
        lake.writing(TRANSACTIONS) as folder,
    ):
        lake.commit(TRANSACTIONS, folder, {NOVEMBER: Record(rows=3, fingerprint="lost")})
    assert lake.record(TRANSACTIONS, NOVEMBER).fingerprint == "old"
    assert not (Path(lake.root) / folder).exists()


def test_rows_of_a_period_that_is_not_to_be_written_are_not_committed(lake: Lake) -> None:
    put(lake, TRANSACTIONS, NOVEMBER, Record(rows=1, fingerprint="1"))
    [file] = lake.files_of(TRANSACTIONS, [NOVEMBER])
    with lake.writing(TRANSACTIONS) as folder:
        lake.files.create_dir(f"{folder}/month=2011-10")
        lake.files.copy_file(file.path, f"{folder}/month=2011-10/part.parquet")
        with pytest.raises(ContractError, match="rows of month 2011-10 are not among"):
            lake.commit(TRANSACTIONS, folder, {NOVEMBER: Record(rows=1, fingerprint="2")})
    assert lake.record(TRANSACTIONS, NOVEMBER).fingerprint == "1"


def test_a_commit_that_lands_after_it_was_taken_for_failed_finds_its_files(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In an object store, a request that has timed out may still be carried out."""
    put(lake, TRANSACTIONS, NOVEMBER, Record(rows=3, fingerprint="old"))
    make, late = commits._make, []

    def timed_out(*arguments: object) -> None:
        late.append(arguments)
        raise OSError("operation timed out")

    monkeypatch.setattr(commits, "is_folder", lambda _: False)
    monkeypatch.setattr(commits, "_make", timed_out)
    with pytest.raises(UncertainError, match="operation timed out"):
        put(lake, TRANSACTIONS, NOVEMBER, Record(rows=5, fingerprint="new"))
    assert lake.record(TRANSACTIONS, NOVEMBER).fingerprint == "old"
    make(*late[0])  # type: ignore[arg-type]
    assert lake.record(TRANSACTIONS, NOVEMBER).fingerprint == "new"
    assert len(read_rows(lake, TRANSACTIONS, [NOVEMBER])) == 5


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_an_error_after_the_commit_leaves_its_files(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    def stop(*_: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(Lake, "_keep", stop)
        with pytest.raises(error):
            put(lake, TRANSACTIONS, NOVEMBER, Record(rows=3, fingerprint="new"))
    assert lake.record(TRANSACTIONS, NOVEMBER).fingerprint == "new"
    assert len(read_rows(lake, TRANSACTIONS, [NOVEMBER])) == 3
