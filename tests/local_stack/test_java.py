from __future__ import annotations

from pathlib import Path

import jdk
import pytest

from jobs.local_stack import java
from jobs.local_stack.java import JavaMissingError, java_home


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without Java, on which the download fails."""

    def no_network(*_: object, **__: object) -> str:
        raise jdk.JdkError("no network")

    monkeypatch.setattr(java, "_USUAL_PLACES", ())
    monkeypatch.setattr(jdk, "install", no_network)


def installed(home: Path, version: str) -> Path:
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-04-15' >&2\n")
    program.chmod(0o755)
    return home


def test_java_home_takes_precedence_over_the_path(tmp_path: Path) -> None:
    on_path, in_java_home = installed(tmp_path / "on_path", "17.0.15"), installed(tmp_path / "java_home", "21.0.4")
    assert (
        java_home(tmp_path / "fetched", {"JAVA_HOME": str(in_java_home), "PATH": str(on_path / "bin")}) == in_java_home
    )
    assert java_home(tmp_path / "fetched", {"PATH": str(on_path / "bin")}) == on_path


@pytest.mark.parametrize("version", ["1.8.0_452", "11.0.27"])
def test_a_java_too_old_for_spark_is_passed_over(tmp_path: Path, version: str) -> None:
    old, new = installed(tmp_path / "old", version), installed(tmp_path / "new", "25")
    assert java_home(tmp_path / "fetched", {"JAVA_HOME": str(old), "PATH": str(new / "bin")}) == new


def test_a_java_that_does_not_run_is_passed_over(tmp_path: Path) -> None:
    new = installed(tmp_path / "new", "17.0.15")
    assert java_home(tmp_path / "fetched", {"JAVA_HOME": str(tmp_path), "PATH": str(new / "bin")}) == new


def test_java_is_downloaded_once_if_the_machine_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = tmp_path / "fetched"
    fetches = []

    def install(version: str, *, jre: bool, path: str) -> str:
        fetches.append((version, jre))
        return str(installed(Path(path) / "jdk-21.0.4-jre", "21.0.4"))

    monkeypatch.setattr(jdk, "install", install)
    environ = {"PATH": ""}
    assert java_home(fetched, environ) == java_home(fetched, environ) == fetched / "jdk-21.0.4-jre"
    assert fetches == [("21", True)]


def test_the_error_states_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(JavaMissingError) as refusal:
        java_home(tmp_path / "fetched", {"PATH": ""})
    for line in ("apt-get install openjdk-17-jre-headless", "dnf install java-21", "JAVA_HOME"):
        assert line in str(refusal.value)
