"""Write the dashboards as Superset imports them, replacing what is in the folder.

    python -m jobs.dashboards --folder /srv/dashboard/assets

The folder then holds the password of the reader. The environment holds CLV_READER_DATABASE_URL, the address at which
Superset reaches the forecasts, too: `.env.example` explains it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from jobs.core.arguments import parser
from jobs.core.postgres import engine
from jobs.core.settings import Settings
from jobs.core.task import log_to_stderr, run_as_program
from jobs.dashboard.assets import write


def main(argv: Sequence[str] | None = None) -> None:
    """Write the dashboards; see `--help`."""
    options = parser(__doc__)
    options.add_argument("--folder", type=Path, required=True, help="where to write them")
    folder: Path = options.parse_args(argv).folder
    log_to_stderr()
    os.umask(0o077)
    write(folder, engine(Settings().reader_database_url))


if __name__ == "__main__":
    run_as_program(main)
