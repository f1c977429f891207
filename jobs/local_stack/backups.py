"""Back up the shop used last, and restore a shop that is not there any more.

    python -m jobs.local_stack.backups back_up FOLDER
    python -m jobs.local_stack.backups restore FOLDER

Besides what `jobs.back_up` copies, a backup of the embedded stack holds the shop's name, its secrets and, if the stack
itself wrote them, its deliveries.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from jobs.local_stack import postgres_server as postgres
from jobs.local_stack.airflow_config import secrets_of, write_private
from jobs.local_stack.home import REPOSITORY, Home, current_home, state_folder
from jobs.local_stack.ports import USUAL_PORTS
from jobs.local_stack.stack import Stack, only_one, remember, remembered

STACK, SHOP, SECRETS, LANDING = "stack", "shop.json", "secrets.json", "landing"
"""The folder of a backup with what the embedded stack adds, and what is in it."""


def back_up(home: Home, folder: Path) -> int:
    """Back up a running stack; the exit code of `jobs.back_up`."""
    if folder.is_relative_to(home.folder):
        sys.exit(f"{folder} is in the shop's own folder, which a restore needs to be gone: give another one")
    stack = remembered(home)
    with TemporaryDirectory() as scratch:
        own = Path(scratch, STACK)
        landing = None if home.is_simulated else str(home.landing)
        shop = {"name": home.name, "source": home.source, "landing": landing, "on_schedule": stack.on_schedule}
        write_private(own / SHOP, json.dumps(shop))
        write_private(own / SECRETS, json.dumps(secrets_of(home.folder)))
        if home.is_simulated:
            shutil.copytree(home.landing, own / LANDING)
        environment = _environment(home, home.sockets(), stack.ports.postgres)
        return _run(["jobs.back_up", "--to", folder, "--include", own], environment)


def restore(folder: Path, state: Path) -> int:
    """Restore a shop into its folder below `state`, which must not exist; the exit code of `jobs.restore`."""
    if not (folder / STACK / SHOP).is_file():
        sys.exit(f"{folder} is no backup of this stack: it has no {STACK}/{SHOP}. `make backup` makes one")
    shop = json.loads((folder / STACK / SHOP).read_text(encoding="utf-8"))
    place = state / shop["name"]
    home = Home(folder=place, source=shop["source"], landing=Path(shop["landing"] or place / LANDING))
    state.mkdir(parents=True, exist_ok=True)
    with only_one(state):
        if place.exists():
            sys.exit(f"{place} exists: nothing was restored. Stop it and move it away, or set another CLV_HOME")
        unfinished = place.with_name(f".{place.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        code = _restore_into(unfinished, folder, home)
        if code == 0:
            unfinished.rename(place)
            home.save()
            remember(Stack(home, USUAL_PORTS, on_schedule=shop["on_schedule"]), is_whole=False)
    if code == 0 and not home.landing.exists():
        sys.stderr.write(f"{home.landing} does not exist: the shop's own deliveries are in no backup, put them there\n")
    return code


def _restore_into(unfinished: Path, folder: Path, home: Home) -> int:
    unfinished.mkdir()
    write_private(unfinished / SECRETS, (folder / STACK / SECRETS).read_text(encoding="utf-8"))
    if home.is_simulated:
        shutil.copytree(folder / STACK / LANDING, unfinished / LANDING)
    with postgres.temporary(unfinished / "postgres") as sockets:
        environment = _environment(replace(home, folder=unfinished), sockets.parent, postgres.PORT)
        code = _run(["jobs.restore", "--from", folder], environment)
    os.sync()  # the temporary server leaves this to the system
    if code != 0:
        shutil.rmtree(unfinished)
    return code


def _environment(home: Home, sockets: Path, port: int) -> Mapping[str, str]:
    return {
        **os.environ,
        "CLV_SOURCE": home.source,
        "CLV_LAKE": str(home.folder / "lake"),
        "CLV_REPORTS": str(home.folder / "reports"),
        "CLV_ARTIFACTS": str(home.folder / "mlflow"),
        "CLV_SUPERUSER_DATABASE_URL": postgres.url(postgres.SUPERUSER, "postgres", sockets, port),
    }


def _run(command: Sequence[object], environment: Mapping[str, str]) -> int:
    words = [sys.executable, "-m", *map(str, command)]
    return subprocess.run(words, env=environment, cwd=REPOSITORY, check=False).returncode


def main(argv: Sequence[str] | None = None) -> None:
    """Run one of the commands; its exit code is returned."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["back_up", "restore"])
    parser.add_argument("folder")
    arguments = parser.parse_args(argv)
    if not arguments.folder:
        sys.exit("Name the folder: TO=/backups/2011-12-08 of a backup, FROM=… of a restore")
    folder, state = Path(arguments.folder).absolute(), state_folder()
    if arguments.command == "restore":
        code = restore(folder, state)
        sys.stdout.write("Restored: start it with make up\n" if code == 0 else "Nothing was restored\n")
        sys.exit(code)
    home = current_home(state)
    if postgres.server_process(home.folder / "postgres") is None:
        sys.exit("The stack is not running: start it with make up")
    sys.exit(back_up(home, folder))


if __name__ == "__main__":
    main()
