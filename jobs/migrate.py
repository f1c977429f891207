"""Bring the forecast database up to this code: apply the migrations that it lacks.

    CLV_OWNER_DATABASE_URL=… python -m jobs.migrate

The role in the address must be a superuser or, if the operator has made the roles, `clv_owner` as the owner of the
database.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence

from jobs.core.arguments import parser
from jobs.core.migrations import migrate
from jobs.core.postgres import engine
from jobs.core.settings import SettingsError
from jobs.core.task import log_to_stderr, run_as_program

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> None:
    """Migrate the database at CLV_OWNER_DATABASE_URL."""
    parser(__doc__).parse_args(argv)
    log_to_stderr()
    url = os.environ.get("CLV_OWNER_DATABASE_URL")
    if not url:
        raise SettingsError("CLV_OWNER_DATABASE_URL is not set. Set it to the owner's address: see .env.example")
    applied = migrate(engine(url))
    log.info("the database is up to date: %d migrations applied now", len(applied))


if __name__ == "__main__":
    run_as_program(main)
