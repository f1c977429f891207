"""Run a job in the environment of the shop used last.

python -m jobs.local_stack.job jobs.choose_champion --model-version 3 …
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from jobs.local_stack import postgres_server as postgres
from jobs.local_stack.environment import stack_environment
from jobs.local_stack.home import REPOSITORY, current_home, state_folder
from jobs.local_stack.java import java_home
from jobs.local_stack.stack import remembered


def main(argv: Sequence[str] | None = None) -> None:
    """Replace this process by the job, so that its exit code is returned."""
    module, *arguments = sys.argv[1:] if argv is None else argv
    home = current_home(state_folder())
    if postgres.server_process(home.folder / "postgres") is None:
        sys.exit("The stack is not running: start it with make up")
    ports = remembered(home).ports
    environment = stack_environment(home, ports, java_home(home.java))
    environment["CLV_SUPERUSER_DATABASE_URL"] = postgres.url(
        postgres.SUPERUSER, "postgres", home.sockets(), ports.postgres
    )
    os.chdir(REPOSITORY)
    os.execve(sys.executable, [sys.executable, "-m", module, *arguments], environment)


if __name__ == "__main__":
    main()
