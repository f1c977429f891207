"""MLflow behind accounts, on a real server that keeps everything in Postgres: who may read, and who may write."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from requests.exceptions import HTTPError

from jobs.core.settings import SettingsError
from jobs.mlflow_accounts import ACCOUNTS, main
from tests.conftest import ROOT, Postgres
from tests.mlflow_server import serving

PASSWORDS = {variable: f"secret of {name}" for name, (_, variable) in ACCOUNTS.items()}


@pytest.fixture(scope="module")
def server(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that has started a second time, with other passwords than the first time."""
    folder = tmp_path_factory.mktemp("accounts")
    settings = folder / "auth.ini"
    store = postgres.url("postgres", postgres.create_database())
    make = [sys.executable, "-m", "jobs.mlflow_accounts", "--settings", str(settings)]
    for words in ("an older ", ""):
        passwords = {name: f"{words}{value}" for name, value in PASSWORDS.items()}
        environment = os.environ | {"MLFLOW_BACKEND_STORE_URI": store} | passwords
        subprocess.run(make, check=True, env=environment, cwd=ROOT)
    assert settings.stat().st_mode & 0o777 == 0o600
    accounts = {"MLFLOW_AUTH_CONFIG_PATH": str(settings), "MLFLOW_FLASK_SERVER_SECRET_KEY": "k"}
    with serving(folder, store, "--app-name", "basic-auth", **accounts) as address:
        yield address


def client(server: str, monkeypatch: pytest.MonkeyPatch, name: str, password: str) -> Any:
    from mlflow import MlflowClient

    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", name)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", password)
    return MlflowClient(server)


def test_the_pipeline_writes_and_the_others_only_read(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow.exceptions import MlflowException

    pipeline = client(server, monkeypatch, "pipeline", "secret of pipeline")
    experiment = pipeline.create_experiment("clv")
    run = pipeline.create_run(experiment).info.run_id
    (tmp_path / "model.json").write_text("{}", encoding="utf-8")
    pipeline.log_artifact(run, str(tmp_path / "model.json"))
    pipeline.create_registered_model("clv")
    for name in ("viewer", "clv-api"):
        other = client(server, monkeypatch, name, f"secret of {name}")
        assert other.get_registered_model("clv").name == "clv"
        assert [found.info.run_id for found in other.search_runs([experiment])] == [run]
        [file] = other.list_artifacts(run)
        assert Path(other.download_artifacts(run, file.path)).read_text(encoding="utf-8") == "{}"
        for change in (
            partial(other.delete_registered_model, "clv"),
            partial(other.create_registered_model, "clv_first_month"),
            partial(other.create_experiment, "clv_tuning", str(tmp_path)),
            partial(other.create_run, experiment),
            partial(other.log_metric, run, "wape", 0.1),
            partial(other.log_artifact, run, str(tmp_path / "model.json"), "other"),
        ):
            with pytest.raises((MlflowException, HTTPError), match=r"(?i)permission denied|403"):
                change()


@pytest.mark.parametrize(
    ("name", "password"), [("nobody", "secret of pipeline"), ("pipeline", "an older secret of pipeline")]
)
def test_nobody_else_reads(server: str, monkeypatch: pytest.MonkeyPatch, name: str, password: str) -> None:
    from mlflow.exceptions import MlflowException

    with pytest.raises(MlflowException, match=r"not authenticated|401"):
        client(server, monkeypatch, name, password).search_registered_models()


def test_a_password_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in PASSWORDS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLFLOW_BACKEND_STORE_URI", "postgresql://x")
    with pytest.raises(SettingsError, match="MLFLOW_PIPELINE_PASSWORD, MLFLOW_VIEWER_PASSWORD, MLFLOW_API_PASSWORD is"):
        main(["--settings", str(tmp_path / "auth.ini")])
    assert not (tmp_path / "auth.ini").exists()
