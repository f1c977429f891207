"""Tell a monitor outside that the pipeline is alive.

    CLV_HEARTBEAT='{"host": "https://hc-ping.com", "password": "…"}' python -m jobs.heartbeat

CLV_HEARTBEAT is the Airflow connection `clv_heartbeat` as JSON: a URL that the monitor expects requests at.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException

from jobs.alerts.receivers import TIMEOUT_SECONDS, web_address
from jobs.core.arguments import parser
from jobs.core.failure import one_line
from jobs.core.masking import masked
from jobs.core.task import log_to_stderr

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> None:
    """Send the signal; exits with 1 and a line on stderr if the monitor does not accept it."""
    parser(__doc__).parse_args(argv)
    log_to_stderr()
    connection = json.loads(os.environ["CLV_HEARTBEAT"])
    address = web_address(connection)
    if address is None:
        sys.exit("connection clv_heartbeat: set a host that starts with https://")
    try:
        urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS).close()
    except (OSError, HTTPException, ValueError) as error:
        cause = masked(f"{type(error).__name__}: {error}", str(connection.get("password") or ""))
        sys.exit(f"No signal was sent: {one_line(cause)}")
    log.info("The monitor has accepted the signal")


if __name__ == "__main__":
    main()
