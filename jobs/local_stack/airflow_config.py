"""Airflow's configuration for the embedded stack: settings that must be consistent, in one place."""

from __future__ import annotations

import configparser
import io
import json
import os
import secrets
from pathlib import Path

from jobs.local_stack.home import REPOSITORY
from jobs.local_stack.ports import LOOPBACK

ADMIN = "admin"
SERVICE = "clv-api"
"""The user that the REST service is in Airflow: may start and follow runs, and reads no connection or variable."""

_SECRET_BYTES = {
    **dict.fromkeys(("jwt_secret", "secret_key", "dashboard_key"), 64),
    **dict.fromkeys(("admin_password", "api_password", "reader_password", "dashboard_password"), 15),
}

_PARALLEL_TASKS = 8
_DAY_SECONDS = 86_400


def airflow_config(
    *, port: int, database_url: str, password_file: Path, secret: dict[str, str], on_schedule: bool
) -> str:
    """The text of `airflow.cfg`; other settings keep Airflow's defaults.

    Args:
        port: of the API server, which serves the UI, the REST API and the tasks' own API.
        database_url: Airflow's database.
        password_file: where SimpleAuthManager reads the users' passwords.
        secret: as returned by `secrets_of`.
        on_schedule: whether unpausing a DAG lets the calendar start runs.
    """
    address = f"http://{LOOPBACK}:{port}"
    sections = {
        "core": {
            "dags_folder": str(REPOSITORY / "dags"),
            "executor": "LocalExecutor",
            "parallelism": str(_PARALLEL_TASKS),
            "load_examples": "False",
            "fernet_key": secret["fernet_key"],
            "execution_api_server_url": f"{address}/execution/",
            "simple_auth_manager_users": f"{ADMIN}:admin,{SERVICE}:user",
            "simple_auth_manager_passwords_file": str(password_file),
        },
        "database": {
            "sql_alchemy_conn": database_url,
            # The asynchronous engine is not needed, and its driver is not installed.
            "sql_alchemy_conn_async": "",
        },
        "api": {
            "host": LOOPBACK,
            "port": str(port),
            "base_url": address,
            "workers": "1",
            "secret_key": secret["secret_key"],
        },
        "api_auth": {"jwt_secret": secret["jwt_secret"]},
        # Renewing a task's token while it runs is subject to a race; a token that outlives the task is never renewed.
        "execution_api": {"jwt_expiration_time": str(_DAY_SECONDS)},
        # While Spark keeps two cores busy, a response may take longer than the default timeout of 5 s.
        # A task that ends without success is only noticed at its next heartbeat.
        "workers": {"execution_api_timeout": "60", "min_heartbeat_interval": "1"},
        "scheduler": {
            "use_job_schedule": str(on_schedule),
            "scheduler_idle_sleep_time": "0.3",
        },
        "dag_processor": {"parsing_processes": "1"},
        "logging": {"colored_console_log": "False"},
    }
    parser = configparser.RawConfigParser()
    for section, options in sections.items():
        parser[section] = {name: value.replace("%", "%%") for name, value in options.items()}
    return _as_text(parser)


def secrets_of(folder: Path) -> dict[str, str]:
    """The stack's secrets: each generated once and stored in a file that only its owner can read."""
    path = folder / "secrets.json"
    stored: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if not stored.keys() > _SECRET_BYTES.keys():
        from cryptography.fernet import Fernet

        made = {name: secrets.token_urlsafe(size) for name, size in _SECRET_BYTES.items()}
        stored = made | {"fernet_key": Fernet.generate_key().decode()} | stored
        write_private(path, json.dumps(stored))
    return stored


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def _as_text(parser: configparser.RawConfigParser) -> str:
    text = io.StringIO()
    parser.write(text)
    return text.getvalue()
