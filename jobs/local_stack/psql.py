"""Open the forecast database of the shop used last as `clv_reader`, with the `psql` of the embedded Postgres."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from jobs.core.postgres_programs import program
from jobs.local_stack import postgres_server as postgres
from jobs.local_stack.home import current_home, state_folder
from jobs.local_stack.stack import remembered


def main(argv: Sequence[str] | None = None) -> None:
    """Run a statement, or open a prompt if none is given."""
    statement = list(sys.argv[1:] if argv is None else argv)
    home = current_home(state_folder())
    if postgres.server_process(home.folder / "postgres") is None:
        sys.exit("Postgres is not running: start it with make up")
    url = postgres.url(postgres.READER, "clv", home.sockets(), remembered(home).ports.postgres).replace("+psycopg2", "")
    psql = str(program("psql"))
    options = ["--no-psqlrc", "--set=ON_ERROR_STOP=1", *(f"--command={text}" for text in statement)]
    os.execv(psql, [psql, *options, url])


if __name__ == "__main__":
    main()
