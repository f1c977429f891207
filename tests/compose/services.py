"""The services of docker-compose.yml, in a project of their own, driven as an operator drives them."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tarfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from jobs.core.postgres import engine
from jobs.local_stack.airflow_api import AirflowAnswerError, AirflowApi
from jobs.local_stack.compose import compose_command, values, with_secrets
from tests.conftest import ROOT

PROJECT, DAG = "clv_compose_test", "clv_monthly"
PORTS = ("AIRFLOW_PORT", "MLFLOW_PORT", "API_PORT", "CLV_POSTGRES_PORT", "PROMETHEUS_PORT")
READY_SECONDS, MONTH_SECONDS = 600, 3600


def refuse_without_engine() -> None:
    """Skip, with the reason, where no Docker engine runs."""
    runs = (
        shutil.which("docker") and subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0
    )
    if not runs:
        pytest.skip("no Docker engine runs here: start one, then make compose-test")


@dataclass(frozen=True)
class Services:
    """A checkout of its own, and its containers.

    Attributes:
        folder: the checkout.
    """

    folder: Path

    @classmethod
    def of_checkout(cls, folder: Path) -> Services:
        """Those of this checkout, with free ports, the REST service, and a folder for backups."""
        backups = folder / "backups"
        backups.mkdir(mode=0o777)
        backups.chmod(0o777)
        _write_settings(folder, {"COMPOSE_PROFILES": "api"})
        services = cls(folder)
        services.pull()
        return services

    @classmethod
    def of_commit(cls, folder: Path, commit: str, settings: Mapping[str, str]) -> Services:
        """Those of an earlier commit, with free ports and the settings."""
        archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True).stdout
        with tarfile.open(fileobj=BytesIO(archive)) as files:
            files.extractall(folder, filter="data")
        _write_settings(folder, settings)
        path, example = folder / ".env", folder / ".env.example"
        path.write_text(with_secrets(path.read_text(), example.read_text(), {}))
        return cls(folder)

    def pull(self) -> None:
        """Copy what git tracks in this checkout, and make the secrets that are missing."""
        kept = {self.folder / ".env", self.folder / "backups"}
        for found in set(self.folder.iterdir()) - kept:
            shutil.rmtree(found) if found.is_dir() else found.unlink()
        tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for name in tracked.rstrip("\0").split("\0"):
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, self.folder / name)
        subprocess.run(["python3", "-m", "jobs.local_stack.compose", "secrets"], cwd=self.folder, check=True)

    @property
    def settings(self) -> Mapping[str, str]:
        """What `.env` says."""
        return values((self.folder / ".env").read_text())

    def change(self, name: str, value: str) -> None:
        """Give a setting of `.env` another value."""
        path = self.folder / ".env"
        text, changed = re.subn(rf"^{name}=.*$", f"{name}={value}", path.read_text(), flags=re.MULTILINE)
        assert changed == 1
        path.write_text(text)

    def compose(self, *command: str, is_checked: bool = True) -> str:
        """Run docker compose; what it prints."""
        environ = {name: value for name, value in os.environ.items() if name not in self.settings}
        done = subprocess.run(
            [*compose_command(), "--project-name", PROJECT, *command],
            cwd=self.folder,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert not is_checked or done.returncode == 0, done.stdout
        return done.stdout

    def up(self) -> None:
        """Start everything with two workers, and wait until Airflow is whole."""
        self.compose("up", "--detach", "--scale", "spark-worker=2")
        deadline = time.monotonic() + READY_SECONDS
        while not self.airflow("admin").is_healthy():
            assert time.monotonic() < deadline, self.compose("ps")
            time.sleep(2)

    def wait_until_ready(self, service: str) -> None:
        """Wait until the health check of a service passes."""
        [container], deadline = self.containers(service), time.monotonic() + READY_SECONDS
        while docker("inspect", "--format={{.State.Health.Status}}", container).strip() != "healthy":
            assert time.monotonic() < deadline, docker("logs", container)
            time.sleep(2)

    def airflow(self, user: str) -> AirflowApi:
        """Airflow's API as one of the accounts."""
        variable = {"clv-api": "AIRFLOW_API_PASSWORD"}.get(user, f"AIRFLOW_{user.upper()}_PASSWORD")
        return AirflowApi(f"http://127.0.0.1:{self.settings['AIRFLOW_PORT']}", user, self.settings[variable])

    def start_month(self, month: str, user: str = "operator", **conf: object) -> str:
        """Trigger a month; the path of its run."""
        return self.start(DAG, user, month=month, **conf)

    def start(self, dag: str, user: str = "operator", **conf: object) -> str:
        """Trigger a DAG; the path of its run."""
        api = self.airflow(user)
        deadline = time.monotonic() + READY_SECONDS
        while not api.exists(f"/dags/{dag}"):
            assert time.monotonic() < deadline, f"{dag} is not there"
            time.sleep(2)
        api.patch(f"/dags/{dag}", {"is_paused": False})
        run = api.post(f"/dags/{dag}/dagRuns", {"logical_date": None, "conf": conf})
        return f"/dags/{dag}/dagRuns/{run['dag_run_id']}"

    def wait_for(self, run: str, task: str | None = None, states: tuple[str, ...] = ("success",)) -> None:
        """Wait until a run, or a task of it, is in one of some states; fails if it can no longer be."""
        deadline, api = time.monotonic() + MONTH_SECONDS, self.airflow("admin")
        path = f"{run}/taskInstances/{task}" if task else run
        state = None
        while state not in states:
            assert state not in ("failed", "upstream_failed", "skipped"), self._failures(run)
            assert time.monotonic() < deadline, f"{path} is {state}"
            time.sleep(1)
            try:
                state = api.get(path)["state"]
            except (AirflowAnswerError, OSError):
                api = self.airflow("admin")

    def _failures(self, run: str) -> str:
        tasks = self.airflow("admin").get(f"{run}/taskInstances", limit=100)["task_instances"]
        return str([(task["task_id"], task["state"], task["note"]) for task in tasks if task["state"] != "success"])

    def containers(self, service: str) -> list[str]:
        """The containers of a service."""
        return self.compose("ps", "--quiet", service).split()

    def kill(self, service: str) -> None:
        """Kill the first container of a service, and start it again."""
        container = self.containers(service)[0]
        docker("kill", container)
        docker("start", container)

    def read(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Ask the database as the reader."""
        password, port = self.settings["CLV_READER_PASSWORD"], self.settings["CLV_POSTGRES_PORT"]
        reader = engine(f"postgresql+psycopg2://clv_reader:{password}@127.0.0.1:{port}/clv")
        with reader.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query, parameters)]

    def remove(self) -> None:
        """Remove the containers and the volumes."""
        profiles = [f"--profile={name}" for name in ("api", "backup", "bi", "metrics")]
        self.compose(*profiles, "down", "--volumes", "--remove-orphans")


def docker(*command: str) -> str:
    """Run docker; what it prints."""
    done = subprocess.run(["docker", *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
    return done.stdout


def _write_settings(folder: Path, settings: Mapping[str, str]) -> None:
    ports = {name: str(port) for name, port in zip(PORTS, _free_ports(len(PORTS)), strict=True)}
    given = {**ports, "POSTGRES_IMAGE": os.environ.get("POSTGRES_IMAGE", ""), **settings}
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in given.items()))


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [opened.getsockname()[1] for opened in sockets]
    finally:
        for opened in sockets:
            opened.close()
