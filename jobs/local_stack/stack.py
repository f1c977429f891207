"""The embedded stack of a shop: Postgres, MLflow and Airflow on this machine, left running once started.

    python -m jobs.local_stack.stack up [--source NAME] [--landing PATH]
    python -m jobs.local_stack.stack down
    python -m jobs.local_stack.stack clean

Everything listens on the loopback interface or a private Unix socket, and keeps its state below `CLV_HOME` (`var/`).
"""

from __future__ import annotations

import argparse
import fcntl
import json
import logging
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jobs.core.task import log_to_stderr
from jobs.local_stack import postgres_server as postgres
from jobs.local_stack.airflow_api import AirflowApi
from jobs.local_stack.airflow_config import ADMIN, secrets_of
from jobs.local_stack.home import Home, current_home, known_homes, shop_home, state_folder
from jobs.local_stack.ports import LOOPBACK, USUAL_PORTS, Ports, free_ports, given_ports
from jobs.local_stack.processes import Supervisor, end_processes
from jobs.local_stack.start import start_servers

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stack:
    """A running stack: its shop and its addresses.

    Attributes:
        home: the shop's folder.
        ports: where its servers listen.
        on_schedule: whether the schedule starts runs, too.
    """

    home: Home
    ports: Ports
    on_schedule: bool

    @property
    def airflow_url(self) -> str:
        """Airflow's address."""
        return f"http://{LOOPBACK}:{self.ports.airflow}"

    @property
    def mlflow_url(self) -> str:
        """MLflow's address."""
        return f"http://{LOOPBACK}:{self.ports.mlflow}"

    @property
    def database_url(self) -> str:
        """The forecast database, as the role the jobs use."""
        return postgres.url("clv_writer", "clv", self.home.sockets(), self.ports.postgres)

    @property
    def admin_password(self) -> str:
        """The password of Airflow's user `admin`."""
        return secrets_of(self.home.folder)["admin_password"]

    @property
    def reader_password(self) -> str:
        """The password of `clv_reader` on the TCP port."""
        return secrets_of(self.home.folder)["reader_password"]

    def api(self) -> AirflowApi:
        """A new session with Airflow."""
        return AirflowApi(self.airflow_url, ADMIN, self.admin_password)


def up(home: Home, environ: Mapping[str, str] = os.environ) -> Stack:
    """Start a shop's stack unless it is running; the stack of another shop is stopped first and keeps its data."""
    state = home.folder.parent
    state.mkdir(parents=True, exist_ok=True)
    with only_one(state):
        for other in known_homes(state):
            if other.folder != home.folder and supervisor(other).states():
                log.info("Stopping the stack of shop %s; its data is kept", other.name)
                _stop(other)
        home.save()
        before, is_whole = remembered(home), _is_whole(home)
        requested = Stack(home, given_ports(environ, before.ports), _on_schedule(environ, otherwise=before.on_schedule))
        if is_whole and requested == before and set(supervisor(home).states().values()) == {"RUNNING"}:
            return before
        _stop(home)
        stack = Stack(home, free_ports(environ, before.ports), requested.on_schedule)
        remember(stack, is_whole=False)
        try:
            start_servers(home, stack.ports, supervisor(home), on_schedule=stack.on_schedule, environ=environ)
        except BaseException:
            _stop(home)
            raise
        remember(stack, is_whole=True)
        return stack


def down(state: Path) -> None:
    """Stop every stack below the state folder."""
    if state.is_dir():
        with only_one(state):
            for home in known_homes(state):
                _stop(home)


def clean(state: Path) -> None:
    """Stop everything and delete all state: lakes, forecasts, models, Airflow's history, a downloaded JRE."""
    down(state)
    for home in known_homes(state):
        shutil.rmtree(home.sockets())
        shutil.rmtree(home.folder)
        shutil.rmtree(home.java, ignore_errors=True)
    (state / "current").unlink(missing_ok=True)


def remembered(home: Home) -> Stack:
    """A shop's stack as last started; the default one if it never was."""
    saved = _saved_state(home)
    if not saved:
        return Stack(home, USUAL_PORTS, on_schedule=False)
    return Stack(home, Ports(**saved["ports"]), saved["on_schedule"])


def supervisor(home: Home) -> Supervisor:
    """The daemon that keeps a shop's servers running."""
    return Supervisor(folder=home.folder, logs=home.folder / "logs", sockets=home.sockets())


def _stop(home: Home) -> None:
    supervisor(home).stop(last="postgres")
    orphan = postgres.server_process(home.folder / "postgres")
    if orphan is not None:
        end_processes([orphan])


@contextmanager
def only_one(state: Path) -> Iterator[None]:
    """Let one process at a time start and stop stacks."""
    with (state / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _on_schedule(environ: Mapping[str, str], *, otherwise: bool) -> bool:
    setting = environ.get("SCHEDULE")
    if setting not in (None, "", "on", "off"):
        raise ValueError(f"SCHEDULE={setting}: set it to on or off")
    return setting == "on" if setting else otherwise


def _is_whole(home: Home) -> bool:
    """Whether the last start completed."""
    return bool(_saved_state(home).get("is_whole"))


def _saved_state(home: Home) -> dict[str, Any]:
    path = home.folder / "stack.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def remember(stack: Stack, *, is_whole: bool) -> None:
    """Save how a shop's stack was started, and whether it started completely."""
    saved = {"ports": asdict(stack.ports), "on_schedule": stack.on_schedule, "is_whole": is_whole}
    (stack.home.folder / "stack.json").write_text(json.dumps(saved), encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> None:
    """Run one of the commands."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["up", "down", "clean"])
    parser.add_argument("--source", help="layout of the data, a module of jobs/sources (default: the shop used last)")
    parser.add_argument("--landing", help="file or folder the shop delivers to")
    arguments = parser.parse_args(argv)
    log_to_stderr()
    state = state_folder()
    if arguments.command == "down":
        down(state)
    elif arguments.command == "clean":
        clean(state)
    else:
        is_given = arguments.source or arguments.landing
        stack = up(shop_home(arguments.source, arguments.landing, state=state) if is_given else current_home(state))
        sys.stdout.write(
            f"Shop     {stack.home.name}\n"
            f"Airflow  {stack.airflow_url}  (user {ADMIN}, password {stack.admin_password})\n"
            f"MLflow   {stack.mlflow_url}\n"
            f"Postgres {LOOPBACK}:{stack.ports.postgres}  (database clv, user {postgres.READER}, "
            f"password {stack.reader_password})\n"
        )


if __name__ == "__main__":
    main()
