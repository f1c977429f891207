from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.core.code_version import JOBS, code_version, files_sha256, folder_sha256


@pytest.fixture(autouse=True)
def _computed_anew() -> Iterator[None]:
    code_version.cache_clear()
    yield
    code_version.cache_clear()


def test_the_code_version_needs_no_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert code_version() == folder_sha256(JOBS, "*.py")[:12]


def test_the_code_version_ends_with_the_hash_of_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.core.code_version._last_commit", lambda: "0123456789ab")

    assert code_version() == f"0123456789ab+{folder_sha256(JOBS, '*.py')[:12]}"


def test_a_folders_hash_covers_the_names_and_contents_of_its_files_in_subfolders_too(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.py").write_bytes(b"a")
    (tmp_path / "sub" / "b.py").write_bytes(b"b")

    assert folder_sha256(tmp_path, "*.py") == files_sha256({"sub/b.py": b"b", "a.py": b"a"})


@pytest.mark.parametrize("other", [{"a": b"2"}, {"b": b"1"}, {"a": b"1", "b": b""}, {}])
def test_other_names_or_contents_give_another_hash(other: dict[str, bytes]) -> None:
    assert files_sha256(other) != files_sha256({"a": b"1"})
