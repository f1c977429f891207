"""Erase customers: everything that the pipeline keeps of them, and whatever is delivered of them from now on.

    python -m jobs.forget --customer 12347 [--customer 12348] --by "Ada Lovelace" --because="request 17"

Their rows leave the database, and all tables and versions of the lake. Published totals stay as they were, and
`clv.erasures` says what is no longer in the rows below them. What the shop delivers of them later is refused, and not
kept. Readers wait while the tables of the database are rewritten. Everything can be repeated.

Not reached: the shop's own deliveries (the log names those that hold a customer), backups, and what others have
exported. docs/erasure.md says what to do about them.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from jobs.backups.databases import forecast_database
from jobs.core.arguments import parser
from jobs.core.messages import message_of
from jobs.core.postgres import execute, fetch
from jobs.core.refusal import RefusedError
from jobs.core.settings import Settings
from jobs.core.task import log_to_stderr, run_as_program
from jobs.core.value_basis import VALUE_BASES
from jobs.erasure.database import delete_rows, rewrite
from jobs.erasure.deliveries import files_that_name
from jobs.erasure.lakes import drop_copies, erase_from_kept_lists, erase_from_tables, refuse_other_lake
from jobs.erasure.marks import Marks
from jobs.landing.cache import Kept
from jobs.sources import load
from jobs.sources.mapping import Source

log = logging.getLogger(__name__)


class ErasureError(RefusedError):
    """The customers cannot be erased as requested."""


def main(argv: Sequence[str] | None = None) -> None:
    """Erase customers; see `--help`."""
    options = parser(__doc__)
    options.add_argument("--customer", action="append", default=[], help="customer_id; may be repeated")
    options.add_argument("--customers-from", type=Path, help="a file in UTF-8 with a customer_id in each line")
    options.add_argument("--by", required=True, help="who erases")
    options.add_argument("--because", required=True, help="the reason, for the record: without the customer's id")
    arguments = options.parse_args(argv)
    log_to_stderr()
    settings = Settings()
    source, database = load(settings.source), forecast_database(settings.superuser_database_url)
    customers = sorted({*arguments.customer, *(_listed(arguments.customers_from) if arguments.customers_from else [])})
    marks = Marks(customers, source)
    _refuse_request(customers, marks, arguments.by, arguments.because)
    _refuse_state(database, settings, source)
    try:
        deleted = delete_rows(database, customers, arguments.by, arguments.because)
    except DBAPIError as error:
        raise ErasureError(f"{message_of(error)}. Nothing was erased: try again") from error
    rows = Counter(deleted)
    lists = erase_from_kept_lists(settings, source, marks)
    for basis in VALUE_BASES:
        gone, versions = erase_from_tables(settings.on(basis), source, customers, marks, lists)
        execute(database, "move_lake_versions", value_basis=basis, versions=json.dumps(versions))
        rows.update({f"{name} in the lake ({basis})": count for name, count in gone.items()})
    rewrite(database, deleted)
    for path in files_that_name(settings, source, marks):
        log.warning("%s holds rows of theirs: remove them there, or they stay in the shop's deliveries", path)
    drop_copies(Kept.of(settings))
    for table, count in sorted((+rows).items()):
        log.info("%s: %d rows", table, count)
    if not +rows:
        log.warning("There was no row of theirs. Check the ids; they are refused from now on all the same")
    log.info("%d customers are erased; clv.erasures has the record", len(customers))


def _listed(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text("utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise ErasureError(f"cannot read --customers-from {path}: {error}. Nothing was erased") from error


def _refuse_request(customers: Sequence[str], marks: Marks, by: str, because: str) -> None:
    if not by.strip() or not because.strip() or not customers or not all(map(str.strip, customers)):
        raise ErasureError("--by, --because and every --customer must not be empty, nor the list: nothing was erased")
    if marks.are_in(by) or marks.are_in(because):
        raise ErasureError("--by and --because are kept, and contain the id as a word: choose other texts")


def _refuse_state(database: Engine, settings: Settings, source: Source) -> None:
    for run in fetch(database, "runs_under_way"):
        raise ErasureError(
            f"run {run['run_id']} of {run['data_month']} ({run['value_basis']}) was planned within a day and has not "
            f"written its report ({run['status']}): it may write what is erased. Nothing was erased: try again when "
            "its report is written, or a day after its plan"
        )
    for basis in VALUE_BASES:
        known = {row["table_name"] for row in fetch(database, "lake_tables", value_basis=basis)}
        refuse_other_lake(settings.on(basis), source, known)


if __name__ == "__main__":
    run_as_program(main)
