"""The service's log: JSON, one line an event, without ids of customers, rows or secrets."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from functools import lru_cache

from jobs.core.failure import reason_of
from jobs.core.masking import masked
from jobs.core.messages import traceback_of

FIELDS = ("request_id", "key", "method", "path", "status", "milliseconds")
"""What a line about a request has besides time, level and event. The path is its template: no id of a customer."""

log = logging.getLogger("clv.service")

_AS_JSON = json.JSONEncoder(ensure_ascii=False).encode
_masked = lru_cache(maxsize=16)(masked)
"""Requests share one event. Their fields are no free text, and cannot hold a secret."""


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        event = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": _masked(record.getMessage()),
            **{name: getattr(record, name) for name in FIELDS if hasattr(record, name)},
        }
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            event |= {"reason": reason_of(error), "traceback": masked(traceback_of(error))}
        return _AS_JSON(event)


def log_as_json() -> None:
    """Send every log line of the process to stdout, in JSON."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_Json())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # httpx logs whole URLs.
    logging.getLogger("httpx").setLevel(logging.WARNING)
