from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.core.code_version import code_version, files_sha256, folder_sha256


@pytest.fixture
def checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A git checkout of a project with one job."""
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "train.py").write_text("rounds = 1\n")
    git(tmp_path, "init", "--quiet")
    commit(tmp_path, "the first job")
    monkeypatch.setattr("jobs.core.code_version.JOBS", tmp_path / "jobs")
    yield tmp_path
    code_version.cache_clear()


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=Tests", "-c", "user.email=tests@example.com"]
    return subprocess.run(["git", "-C", folder, *who, *arguments], check=True, capture_output=True, text=True).stdout


def commit(folder: Path, message: str) -> str:
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", message)
    return git(folder, "rev-parse", "HEAD")[:12]


def version() -> str:
    code_version.cache_clear()
    return code_version()


def test_an_edit_that_is_not_committed_is_another_version_of_the_same_commit(checkout: Path) -> None:
    before = version()
    (checkout / "jobs" / "train.py").write_text("rounds = 2\n")
    after = version()
    assert before.partition("+")[0] == after.partition("+")[0] == git(checkout, "rev-parse", "HEAD")[:12]
    assert before.partition("+")[2] != after.partition("+")[2] != ""


def test_a_commit_that_touches_no_job_is_the_same_version(checkout: Path) -> None:
    before = version()
    (checkout / "README.md").write_text("words")
    commit(checkout, "words")
    assert version() == before


def test_the_same_code_has_the_same_hash_without_git_and_no_commit(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_git = version()
    monkeypatch.setenv("PATH", str(checkout))
    assert version() == with_git.partition("+")[2]


def test_a_folders_hash_covers_the_names_and_contents_of_its_files_in_subfolders_too(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.py").write_bytes(b"a")
    (tmp_path / "sub" / "b.py").write_bytes(b"b")

    assert folder_sha256(tmp_path, "*.py") == files_sha256({"sub/b.py": b"b", "a.py": b"a"})


@pytest.mark.parametrize("other", [{"a": b"2"}, {"b": b"1"}, {"a": b"1", "b": b""}, {}])
def test_other_names_or_contents_give_another_hash(other: dict[str, bytes]) -> None:
    assert files_sha256(other) != files_sha256({"a": b"1"})
