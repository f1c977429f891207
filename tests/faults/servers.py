"""Postgres and MLflow for the fault suite: real servers that can be killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from jobs.local_stack import postgres_server


@dataclass
class Servers:
    """Postgres and MLflow, each of which may be killed and started again on what it left."""

    folder: Path
    sockets: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="clv-faults-")))
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sockets.chmod(0o711)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.mlflow_port = free.getsockname()[1]

    @property
    def mlflow(self) -> str:
        return f"http://127.0.0.1:{self.mlflow_port}"

    def url(self, role: str) -> str:
        return postgres_server.url(role, "clv", self.sockets)

    def start(self) -> None:
        """Start whichever server does not run."""
        if not self._runs("postgres"):
            data = self.folder / "postgres"
            postgres_server.initialise(data)
            command = [*postgres_server.command(data, self.sockets), "-c", "fsync=off"]
            self._start("postgres", command, user=postgres_server.system_user())
            postgres_server.wait_until_ready(self.sockets)
            postgres_server.create_databases(self.sockets)
        if not self._runs("mlflow"):
            stores = ["--backend-store-uri", f"sqlite:///{self.folder}/mlflow.db"]
            stores += ["--artifacts-destination", str(self.folder / "artifacts")]
            command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.mlflow_port)]
            self._start("mlflow", [*command, "--workers", "1", *stores])
            self._wait_for_mlflow()

    def stop(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGINT)
                process.wait(timeout=60)

    def _runs(self, name: str) -> bool:
        return name in self.processes and self.processes[name].poll() is None

    def _start(self, name: str, command: list[str], user: str | None = None) -> None:
        environment = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, env=environment, user=user, stdout=log, stderr=log, start_new_session=True
            )

    def _wait_for_mlflow(self) -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.mlflow}/health", timeout=5).close()
                return
            except (urllib.error.URLError, TimeoutError, ConnectionError):
                time.sleep(0.2)
        raise RuntimeError((self.folder / "mlflow.log").read_text(encoding="utf-8"))
