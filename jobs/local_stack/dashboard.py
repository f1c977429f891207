"""Show the forecasts of the shop used last in Apache Superset, until Ctrl-C: `make dashboard`.

The dashboards are imported at every start, and replace what an earlier start imported; other dashboards stay. Superset
reads as `clv_reader`, and keeps its own state in the shop's folder.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import URL

from jobs.core.postgres import engine
from jobs.core.task import log_to_stderr
from jobs.dashboard.assets import write
from jobs.local_stack import postgres_server as postgres
from jobs.local_stack.airflow_config import secrets_of
from jobs.local_stack.home import REPOSITORY, current_home, state_folder
from jobs.local_stack.ports import LOOPBACK, dashboard_port, dashboard_url
from jobs.local_stack.processes import MARK
from jobs.local_stack.stack import Stack, up

log = logging.getLogger(__name__)

FOLDER = REPOSITORY / "dashboard"
PYTHON = FOLDER / ".venv" / "bin" / "python"
ADMIN = "admin"


class DashboardError(RuntimeError):
    """Superset did not take the dashboards."""


def reader_url(stack: Stack) -> URL:
    """The forecast database as any BI tool reaches it."""
    return URL.create(
        "postgresql+psycopg2",
        username=postgres.READER,
        password=stack.reader_password,
        host=LOOPBACK,
        port=stack.ports.postgres,
        database="clv",
    )


def superset_environment(folder: Path, secret: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of Superset's processes, which keep their state in a folder."""
    return {
        **environ,
        "SUPERSET_CONFIG_PATH": str(FOLDER / "superset_config.py"),
        "SUPERSET_STORE": f"sqlite:///{folder / 'superset.db'}",
        "SUPERSET_SECRET_KEY": secret["dashboard_key"],
        "SUPERSET_ADMIN_PASSWORD": secret["dashboard_password"],
    }


def provision(folder: Path, reader: URL, environment: Mapping[str, str]) -> None:
    """Import the dashboards; raises DashboardError if Superset refuses."""
    write(folder / "assets", engine(reader.render_as_string(hide_password=False)))
    output = folder / "provision.log"
    with output.open("w") as file:
        command = [PYTHON, FOLDER / "provision.py", folder / "assets"]
        done = subprocess.run(command, env=environment, cwd=folder, stdout=file, stderr=file, check=False)
    if done.returncode != 0:
        raise DashboardError(f"Superset did not import the dashboards, see {output}")


def server(port: str) -> list[str]:
    """The command line of Superset's server."""
    options = ["--config", str(FOLDER / "gunicorn.conf.py"), "--bind", f"{LOOPBACK}:{port}"]
    return [str(PYTHON), "-m", "gunicorn", *options, "superset.app:create_app()"]


def main() -> None:
    """Import the dashboards, and replace this process by Superset's server."""
    log_to_stderr()
    stack = up(current_home(state_folder()))
    folder, secret = stack.home.folder / "dashboard", secrets_of(stack.home.folder)
    os.umask(0o077)
    folder.mkdir(exist_ok=True)
    # `make down` ends processes that carry the stack's mark.
    environment = superset_environment(folder, secret, os.environ) | {MARK: str(stack.home.folder)}
    log.info("Importing the dashboards; the first time takes a minute or two")
    try:
        provision(folder, reader_url(stack), environment)
    except DashboardError as error:
        sys.exit(str(error))
    sys.stdout.write(
        f"Dashboard  {dashboard_url(os.environ)}  (user {ADMIN}, password {secret['dashboard_password']})\n"
    )
    sys.stdout.flush()
    os.chdir(folder)
    os.execve(PYTHON, server(dashboard_port(os.environ)), environment)


if __name__ == "__main__":
    main()
