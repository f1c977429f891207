"""What `make compose-up` does before docker compose: it makes the secrets that have no value."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from jobs.local_stack import compose
from jobs.local_stack.compose import with_secrets

EXAMPLE = "# A shop\nCLV_LANDING=\nPOSTGRES_PASSWORD=\nAIRFLOW_JWT_SECRET=\nAIRFLOW_FERNET_KEY=\nAPI_PORT=\n"


def values(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def test_every_secret_gets_a_value_of_its_own_and_nothing_else_does() -> None:
    made = values(with_secrets("", EXAMPLE, {}))
    secrets = {name: value for name, value in made.items() if value}
    assert set(secrets) == {"POSTGRES_PASSWORD", "AIRFLOW_JWT_SECRET", "AIRFLOW_FERNET_KEY"}
    assert len(set(secrets.values())) == 3
    assert len(base64.urlsafe_b64decode(made["AIRFLOW_FERNET_KEY"])) == 32
    assert values(with_secrets("", EXAMPLE, {})) != made


@pytest.mark.parametrize("line", ["POSTGRES_PASSWORD = chosen", "export POSTGRES_PASSWORD=chosen"])
def test_a_value_is_found_however_it_is_written(line: str) -> None:
    assert with_secrets(f"{line}\n", EXAMPLE, {}).startswith(f"{line}\n")
    assert "POSTGRES_PASSWORD" not in with_secrets(f"{line}\n", EXAMPLE, {}).replace(line, "")


def test_what_has_a_value_stays_and_what_is_missing_is_added() -> None:
    text = "CLV_LANDING=/srv/deliveries\nPOSTGRES_PASSWORD=chosen\nAIRFLOW_JWT_SECRET=\n"
    made = with_secrets(text, EXAMPLE, {})
    assert made.startswith("CLV_LANDING=/srv/deliveries\nPOSTGRES_PASSWORD=chosen\nAIRFLOW_JWT_SECRET=")
    assert set(values(made)) == {*values(text), "AIRFLOW_FERNET_KEY"}
    assert all(values(made).values())
    assert with_secrets(made, EXAMPLE, {}) == made


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], dict[str, str]]]:
    """The commands that are run in place of docker compose, with their environment."""
    commands: list[tuple[list[str], dict[str, str]]] = []

    def run(command: list[str], env: dict[str, str], **_: object) -> SimpleNamespace:
        commands.append((command, env))
        return SimpleNamespace(returncode=len(commands) - 1)

    (tmp_path / ".env.example").write_text(EXAMPLE)
    monkeypatch.setattr(compose, "_REPOSITORY", tmp_path)
    monkeypatch.setattr(compose, "compose_command", lambda: ["docker", "compose"])
    monkeypatch.setattr(subprocess, "run", run)
    return commands


def test_the_file_is_private_and_alone_decides_what_the_services_get(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: list[tuple[list[str], dict[str, str]]]
) -> None:
    (tmp_path / ".env").write_text("POSTGRES_PASSWORD=cho$en\n")
    monkeypatch.setenv("POSTGRES_PASSWORD", "choen")
    monkeypatch.setenv("DOCKER_HOST", "unix:///run/docker.sock")
    with pytest.raises(SystemExit) as ended:
        compose.main([])
    assert ended.value.code == 1
    assert [command for command, _ in started] == [
        ["docker", "compose", "build"],
        ["docker", "compose", "up", "--detach"],
    ]
    for _, environment in started:
        assert "POSTGRES_PASSWORD" not in environment
        assert environment["DOCKER_HOST"] == "unix:///run/docker.sock"
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600


def test_a_second_start_keeps_the_secrets(
    tmp_path: Path, started: list[tuple[list[str], dict[str, str]]], capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        with pytest.raises(SystemExit):
            compose.main([])
    assert len(started) == 3
    assert capsys.readouterr().out.count("has new secrets") == 1


@pytest.mark.parametrize("empty", ["", '""', "''", " # later", "# later"])
def test_a_secret_of_the_environment_counts_where_the_file_has_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, started: list[tuple[list[str], dict[str, str]]], empty: str
) -> None:
    (tmp_path / ".env").write_text(f"POSTGRES_PASSWORD={empty}\nAIRFLOW_JWT_SECRET={empty}\n")
    monkeypatch.setenv("POSTGRES_PASSWORD", "of a vault")
    monkeypatch.delenv("AIRFLOW_JWT_SECRET", raising=False)
    with pytest.raises(SystemExit):
        compose.main([])
    made = values((tmp_path / ".env").read_text())
    assert made["POSTGRES_PASSWORD"] == empty
    assert made["AIRFLOW_JWT_SECRET"] not in ("", empty)
    assert [environment["POSTGRES_PASSWORD"] for _, environment in started] == ["of a vault"] * 2


def test_the_secrets_alone_can_be_made(tmp_path: Path, started: list[tuple[list[str], dict[str, str]]]) -> None:
    compose.main(["secrets"])
    assert values((tmp_path / ".env").read_text())["POSTGRES_PASSWORD"]
    assert started == []


def test_the_example_of_the_repository_has_every_secret_that_the_services_require() -> None:
    root = Path(__file__).parents[2]
    made = values(with_secrets("", (root / ".env.example").read_text(encoding="utf-8"), {}))
    required = {
        line.split("${")[1].split(":?")[0]
        for line in (root / "docker-compose.yml").read_text(encoding="utf-8").splitlines()
        if ":?" in line and not line.lstrip().startswith("#")
    }
    assert required
    assert all(made[name] for name in required)
