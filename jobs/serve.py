"""Serve published forecasts, forecasts on request, and runs of the pipeline, over HTTP until SIGTERM.

    CLV_API_DATABASE_URL=… python -m jobs.serve

Settings are variables of the environment: `.env.example` explains them. `python -m jobs.api_key` makes keys.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime

from jobs.core.arguments import parser
from jobs.core.task import run_as_program
from jobs.service.app import create_app
from jobs.service.on_request.champion_reader import ServiceChampion
from jobs.service.request_log import log_as_json
from jobs.service.server import server
from jobs.service.settings import ServiceSettings

log = logging.getLogger("clv.service")


def today() -> date:
    """The date in UTC."""
    return datetime.fromtimestamp(time.time(), UTC).date()


def main(argv: Sequence[str] | None = None) -> None:
    """Serve; see `--help`."""
    parser(__doc__).parse_args(argv)
    log_as_json()
    settings = ServiceSettings.from_environment(os.environ)
    log.info("serving on http://%s:%d; its reference is at /docs", settings.host, settings.port)
    champion = ServiceChampion(settings.model, settings.database_url) if settings.model else None
    server(create_app(settings, today=today, live_champion=champion), settings).run()


if __name__ == "__main__":
    run_as_program(main)
