"""Serve the shop used last over HTTP, or manage the keys of the service.

python -m jobs.local_stack.service jobs.serve
python -m jobs.local_stack.service jobs.api_key create --name … --scopes … --by …
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from jobs.local_stack import postgres_server as postgres
from jobs.local_stack.airflow_config import SERVICE, secrets_of
from jobs.local_stack.home import REPOSITORY, current_home, state_folder
from jobs.local_stack.stack import Stack, remembered

PROGRAMS = ("jobs.serve", "jobs.api_key")


def service_environment(stack: Stack, module: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of one of the programs: the owner's address is only for that which makes keys."""
    sockets, port = stack.home.sockets(), stack.ports.postgres
    if module == "jobs.api_key":
        return {**environ, "CLV_OWNER_DATABASE_URL": postgres.url(postgres.SUPERUSER, "clv", sockets, port)}
    return {
        **environ,
        "CLV_SOURCE": stack.home.source,
        "CLV_LAKE": str(stack.home.folder / "lake"),
        "MLFLOW_TRACKING_URI": stack.mlflow_url,
        "CLV_API_DATABASE_URL": postgres.url("clv_api", "clv", sockets, port),
        "CLV_API_PORT": environ.get("API_PORT") or environ.get("CLV_API_PORT", ""),
        "CLV_AIRFLOW_URL": stack.airflow_url,
        "CLV_AIRFLOW_USER": SERVICE,
        "CLV_AIRFLOW_PASSWORD": secrets_of(stack.home.folder)["api_password"],
    }


def main(argv: Sequence[str] | None = None) -> None:
    """Replace this process by the program, so that its exit code is returned."""
    module, *arguments = sys.argv[1:] if argv is None else argv
    if module not in PROGRAMS:
        sys.exit(f"{module} is not one of {', '.join(PROGRAMS)}: run other jobs with jobs.local_stack.job")
    home = current_home(state_folder())
    if postgres.server_process(home.folder / "postgres") is None:
        sys.exit("The stack is not running: start it with make up")
    environment = service_environment(remembered(home), module, os.environ)
    os.chdir(REPOSITORY)
    os.execve(sys.executable, [sys.executable, "-m", module, *arguments], environment)


if __name__ == "__main__":
    main()
