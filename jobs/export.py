"""Write a month of one published view to a file, as `clv_reader` sees it.

    python -m jobs.export --month 2011-11 --format csv --folder exports [--view forecast]

The file is `<view>_<month>.<format>`; an earlier one of that name is replaced. Its path is printed. The same published
rows give the same bytes. The environment holds CLV_READER_DATABASE_URL: `.env.example` explains it.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine

from jobs.core.arguments import a_month, parser
from jobs.core.month import Month
from jobs.core.postgres import engine
from jobs.core.settings import Settings
from jobs.core.task import log_to_stderr, run_as_program
from jobs.exporting.files import FORMATS, write
from jobs.exporting.rows import batches

log = logging.getLogger(__name__)


def export(database: Engine, view: str, month: Month, *, file_format: str, folder: Path) -> Path:
    """Write the rows of a month; the file's path. Raises ExportError if there are none, or they do not fit."""
    path = folder / f"{view}_{month}.{file_format}"
    with database.connect() as connection:
        schema, rows = batches(connection, view, month)
        count = write(path, schema, rows)
    log.info("%s rows of clv.%s, month %s", count, view, month)
    return path


def main(argv: Sequence[str] | None = None) -> None:
    """Export a month; see `--help`."""
    options = parser(__doc__)
    options.add_argument("--month", type=a_month, required=True, help="the data month, YYYY-MM")
    options.add_argument("--format", choices=FORMATS, required=True, help="the format of the file")
    options.add_argument("--view", default="forecast", help="a view of the schema clv that has an as_of")
    options.add_argument("--folder", type=Path, required=True, help="where to write the file")
    given = options.parse_args(argv)
    log_to_stderr()
    database = engine(Settings().reader_database_url)
    path = export(database, given.view, given.month, file_format=given.format, folder=given.folder)
    sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    run_as_program(main)
