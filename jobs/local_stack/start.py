"""Start a stack's servers in the order of their dependencies, and wait until they are ready."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

import requests

from jobs.local_stack import postgres_server as postgres
from jobs.local_stack import spark_classes
from jobs.local_stack.airflow_api import AirflowApi
from jobs.local_stack.airflow_config import ADMIN, SERVICE, airflow_config, secrets_of, write_private
from jobs.local_stack.environment import stack_environment
from jobs.local_stack.home import REPOSITORY, Home
from jobs.local_stack.java import java_home
from jobs.local_stack.ports import LOOPBACK, Ports
from jobs.local_stack.processes import Program, Supervisor
from jobs.local_stack.spark_config import write_log_config

log = logging.getLogger(__name__)

DAG = "clv_monthly"
SPARK_POOL = "clv_spark"

_AIRFLOW = ("api-server", "scheduler", "dag-processor", "triggerer")
_TIMEOUT_SECONDS = 300


class StartError(RuntimeError):
    """A part of the stack did not start."""


def start_servers(
    home: Home, ports: Ports, supervisor: Supervisor, *, on_schedule: bool, environ: Mapping[str, str]
) -> None:
    """Start Postgres, MLflow and Airflow, and return once Airflow can run the DAG.

    Raises:
        StartError: a part did not start; the message names its log.
        JavaMissingError: no Java runtime for Spark was found.
    """
    log.info("Starting the stack of shop %s in %s", home.name, home.folder)
    java = java_home(home.java, environ)
    environment = stack_environment(home, ports, java, environ)
    data = home.folder / "postgres"
    postgres.initialise(data)
    write_log_config(home.spark_log_config)
    _configure_airflow(home, ports, on_schedule=on_schedule)
    supervisor.start(_programs(home, ports, data), environment)
    spark_classes.make_in_background(
        spark_classes.archive(home.java, java),
        supervisor.marked(environment),
        log_config=home.spark_log_config,
        log=supervisor.logs / "spark-classes.log",
    )
    supervisor.launch("postgres")
    postgres.wait_until_ready(home.sockets(), ports.postgres)
    postgres.create_databases(home.sockets(), ports.postgres)
    log.info("Postgres is up")
    supervisor.launch("mlflow")
    _migrate(home, ports, environment)
    postgres.set_reader_password(secrets_of(home.folder)["reader_password"], home.sockets(), ports.postgres)
    supervisor.launch(*_AIRFLOW)
    api = AirflowApi(f"http://{LOOPBACK}:{ports.airflow}", ADMIN, secrets_of(home.folder)["admin_password"])
    _wait("airflow", supervisor, api.is_healthy)
    log.info("Airflow is up")
    _connect(api)
    _wait("dag-processor", supervisor, lambda: api.exists(f"/dags/{DAG}"))
    _wait("mlflow", supervisor, lambda: _answers(f"http://{LOOPBACK}:{ports.mlflow}/health"))
    log.info("MLflow is up")


def _programs(home: Home, ports: Ports, data: Path) -> list[Program]:
    python = sys.executable
    airflow = [python, "-m", "airflow"]
    store = postgres.url("mlflow", "mlflow", home.sockets(), ports.postgres)
    artifacts = home.folder / "mlflow"
    server = postgres.command(data, home.sockets(), ports.postgres)
    return [
        Program("postgres", server, postgres.system_user(), stop_signal="INT"),
        Program(
            "mlflow",
            [
                *[python, "-m", "mlflow", "server", "--host", LOOPBACK, "--port", str(ports.mlflow), "--workers", "1"],
                *["--backend-store-uri", store, "--artifacts-destination", artifacts.as_uri()],
            ],
        ),
        Program("api-server", [*airflow, "api-server"]),
        # The log servers would listen on every interface; the API server reads the logs from the same folder.
        Program("scheduler", [*airflow, "scheduler", "--skip-serve-logs"]),
        Program("dag-processor", [*airflow, "dag-processor"]),
        Program("triggerer", [*airflow, "triggerer", "--skip-serve-logs"]),
    ]


def _configure_airflow(home: Home, ports: Ports, *, on_schedule: bool) -> None:
    folder = home.folder / "airflow"
    secret = secrets_of(home.folder)
    password_file = folder / "passwords.json"
    passwords = {ADMIN: secret["admin_password"], SERVICE: secret["api_password"]}
    write_private(password_file, json.dumps(passwords))
    text = airflow_config(
        port=ports.airflow,
        database_url=postgres.url("airflow", "airflow", home.sockets(), ports.postgres),
        password_file=password_file,
        secret=secret,
        on_schedule=on_schedule,
    )
    write_private(folder / "airflow.cfg", text)


def _migrate(home: Home, ports: Ports, environment: Mapping[str, str]) -> None:
    """Migrate the forecast database and Airflow's database to this version's schema."""
    logs = home.folder / "logs"
    owner = postgres.url(postgres.SUPERUSER, "clv", home.sockets(), ports.postgres)
    _run(["jobs.migrate"], logs / "migrate.log", {**environment, "CLV_OWNER_DATABASE_URL": owner})
    marker = home.folder / "airflow" / "migrated"
    installed = version("apache-airflow-core")
    if not marker.is_file() or marker.read_text(encoding="utf-8") != installed:
        _run(["airflow", "db", "migrate"], logs / "airflow-migrate.log", environment)
        marker.write_text(installed, encoding="utf-8")


def _run(module: list[str], log_path: Path, environment: Mapping[str, str]) -> None:
    command = [sys.executable, "-m", *module]
    with log_path.open("w") as file:
        done = subprocess.run(command, env=environment, cwd=REPOSITORY, stdout=file, stderr=file, check=False)
    if done.returncode != 0:
        raise StartError(f"{' '.join(module)} failed, see {log_path}")


def _connect(api: AirflowApi) -> None:
    """Create the connections and the pool of the DAG. Operators' changes are kept, except to Airflow's own address."""
    ours = {
        "connection_id": "airflow_api",
        "conn_type": "http",
        "description": "Airflow's REST API, used to write the notes of runs",
        "host": api.address,
        "login": api.user,
        "password": api.password,
    }
    if api.exists("/connections/airflow_api"):
        api.patch("/connections/airflow_api", ours)
    else:
        api.post("/connections", ours)
    if not api.exists("/connections/spark_default"):
        spark = {"connection_id": "spark_default", "conn_type": "spark", "host": "local[*]"}
        api.post("/connections", {**spark, "description": "Where Spark jobs run: local[*], spark://…, yarn or k8s://…"})
    if not api.exists(f"/pools/{SPARK_POOL}"):
        description = "Spark stages of different runs take turns"
        api.post("/pools", {"name": SPARK_POOL, "slots": 1, "description": description})


def _wait(name: str, supervisor: Supervisor, is_ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    while not is_ready():
        given_up = [program for program, state in supervisor.states().items() if state == "FATAL"]
        if given_up or time.monotonic() > deadline:
            raise StartError(f"{' and '.join(given_up) or name} did not start, see {supervisor.logs}")
        time.sleep(0.5)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=10).ok
    except requests.RequestException:
        return False
