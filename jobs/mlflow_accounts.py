"""Make the accounts of MLflow that docker-compose.yml names, with the passwords of the environment, or set them anew.

    python -m jobs.mlflow_accounts --settings auth.ini

It writes the settings of MLflow's basic-auth app. The accounts are kept in MLflow's database, MLFLOW_BACKEND_STORE_URI.
Other accounts stay: `pipeline` adds them. Runs before the server starts.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from configparser import RawConfigParser
from pathlib import Path
from typing import Any

from jobs.core.arguments import parser
from jobs.core.settings import SettingsError
from jobs.core.task import log_to_stderr, run_as_program

log = logging.getLogger(__name__)

ADMIN = "pipeline"
ACCOUNTS = {
    ADMIN: (True, "MLFLOW_PIPELINE_PASSWORD"),
    "viewer": (False, "MLFLOW_VIEWER_PASSWORD"),
    "clv-api": (False, "MLFLOW_API_PASSWORD"),
}
"""Name → whether it may write, and the variable of the password, of at least 12 characters. All may read."""
_SETTINGS = {
    "default_permission": "READ",
    "authorization_function": "jobs.models.mlflow_login:authenticate",
    # Otherwise each request costs a check of the password, a fifth of a second.
    "auth_cache_ttl_seconds": "60",
}
_DATABASE = "MLFLOW_BACKEND_STORE_URI"


def main(argv: Sequence[str] | None = None) -> None:
    """Write the settings, and make the accounts."""
    options = parser(__doc__)
    options.add_argument("--settings", type=Path, required=True, help="the file to write, for MLFLOW_AUTH_CONFIG_PATH")
    path = options.parse_args(argv).settings
    log_to_stderr()
    missing = [name for name in [_DATABASE, *(name for _, name in ACCOUNTS.values())] if not os.environ.get(name)]
    if missing:
        raise SettingsError(f"{', '.join(missing)} is not set: `make compose-up` makes a password for each account")
    database = os.environ[_DATABASE]
    _write(path, _SETTINGS | {"database_uri": database, "admin_username": ADMIN})
    _make_accounts(database)


def _write(path: Path, settings: dict[str, str]) -> None:
    file = RawConfigParser()
    file["mlflow"] = {name: value.replace("%", "%%") for name, value in settings.items()}  # MLflow interpolates
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
        file.write(opened)


def _make_accounts(database: str) -> None:
    """Make the accounts in the database at a URL, or give them their passwords and rights again."""
    from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore

    store: Any = SqlAlchemyStore()
    store.init_db(database)
    for name, (is_admin, variable) in ACCOUNTS.items():
        change = store.update_user if store.has_user(name) else store.create_user
        change(name, os.environ[variable], is_admin)
        log.info("Account %s of MLflow: %s", name, "reads and writes" if is_admin else "reads")


if __name__ == "__main__":
    run_as_program(main)
