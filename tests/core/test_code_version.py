from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.core.code_version import JOBS, code_fingerprint, code_version, files_sha256, folder_sha256, import_closure


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


MAKERS = ("jobs.cleaning.ingestion", "jobs.features.build", "jobs.models.training", "jobs.models.scoring")
"""The modules whose code makes the lake's tables and the models."""


@pytest.fixture
def copy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A copy of `jobs/` that is fingerprinted in its place."""
    copied = tmp_path / "jobs"
    shutil.copytree(JOBS, copied, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr("jobs.core.code_version.JOBS", copied)
    return copied


def changed(module: Path, text: str) -> list[str]:
    """The modules of MAKERS whose fingerprint changes with a text at the end of a module."""
    before = fingerprints()
    module.write_text(module.read_text(encoding="utf-8") + text, encoding="utf-8")
    return [name for name, fingerprint in fingerprints().items() if fingerprint != before[name]]


def fingerprints() -> dict[str, str]:
    code_fingerprint.cache_clear()
    return {name: code_fingerprint(name) for name in MAKERS}


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("cleaning/flagging.py", MAKERS[:1]),
        ("landing/layouts.py", MAKERS[:1]),
        ("sources/mapping.py", MAKERS[:1]),
        ("features/rfm.py", MAKERS[1:2]),
        ("forecasting/backtest.py", MAKERS[2:3]),
        ("forecasting/btyd.py", MAKERS[2:]),
        ("lake/tables.py", MAKERS),
        ("core/month.py", MAKERS),
        ("cleaning/__init__.py", MAKERS[:1]),
        ("local_stack/stack.py", ()),
        ("alerts/receivers.py", ()),
        ("ingest.py", ()),
    ],
)
def test_a_change_of_code_is_a_change_of_what_runs_it_and_of_nothing_else(
    copy: Path, module: str, expected: tuple[str, ...]
) -> None:
    assert changed(copy / module, "\nnew = 1\n") == list(expected)


@pytest.mark.parametrize("text", ["\n\n# A comment\n", '\n"""A text about what stands above it."""\n'])
def test_comments_and_docstrings_are_no_code(copy: Path, text: str) -> None:
    assert changed(copy / "core" / "month.py", text) == []


@pytest.mark.parametrize("module", [*MAKERS, "jobs.models.served_model"])
def test_the_import_closure_holds_every_module_that_an_interpreter_loads(module: str) -> None:
    code = f"import sys, {module}; print(*(name for name in sys.modules if name.split('.')[0] == 'jobs'))"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=JOBS.parent, check=True, capture_output=True, text=True)
    assert set(loaded.stdout.split()) <= set(import_closure(module))


def test_an_import_inside_a_function_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "__init__.py").write_text("")
    (tmp_path / "jobs" / "one.py").write_text("def run():\n    from jobs import two\n")
    (tmp_path / "jobs" / "two.py").write_text("import jobs.one\nimport json\n")
    monkeypatch.setattr("jobs.core.code_version.JOBS", tmp_path / "jobs")
    assert sorted(import_closure("jobs.one")) == ["jobs", "jobs.one", "jobs.two"]


def test_an_unknown_module_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"jobs\.no_such_module is not a module of"):
        import_closure("jobs.no_such_module")
