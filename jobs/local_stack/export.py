"""Export a month of the shop used last, as `clv_reader`, to the folder `exports` of the shop.

python -m jobs.local_stack.export --month 2011-11 --format csv
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from jobs.local_stack import postgres_server as postgres
from jobs.local_stack.home import REPOSITORY, current_home, state_folder
from jobs.local_stack.stack import remembered


def main(argv: Sequence[str] | None = None) -> None:
    """Replace this process by the program, so that its exit code is returned."""
    arguments = sys.argv[1:] if argv is None else argv
    home = current_home(state_folder())
    if postgres.server_process(home.folder / "postgres") is None:
        sys.exit("Postgres is not running: start it with make up")
    url = postgres.url(postgres.READER, "clv", home.sockets(), remembered(home).ports.postgres)
    program = [sys.executable, "-m", "jobs.export", "--folder", str(home.folder / "exports"), *arguments]
    os.chdir(REPOSITORY)
    os.execve(sys.executable, program, {**os.environ, "CLV_READER_DATABASE_URL": url})


if __name__ == "__main__":
    main()
