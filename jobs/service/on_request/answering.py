"""What the process of a version does: reads the champion, and answers bodies in bytes until the service is gone."""

from __future__ import annotations

import json
import os
import signal
from contextlib import suppress
from datetime import date
from multiprocessing.connection import Connection

from fastapi.exceptions import RequestValidationError

from jobs.core.failure import reason_of
from jobs.core.refusal import RefusedError
from jobs.service.on_request.body import parsed
from jobs.service.on_request.compute import forecasts
from jobs.service.on_request.example import example
from jobs.service.on_request.live_model import Champion, LiveModel, Loaded, NotUsableError
from jobs.service.problems import Problem, internal_error
from jobs.service.request_log import log, log_as_json

_NICENESS = 5
"""Lookups go first where processors are short."""


def serve(connection: Connection, champion: Champion) -> None:
    """Send what was loaded, or why nothing was; then, for each body, its answer or what is wrong with it.

    Signals that are sent to all processes of the service end the service alone, which then ends this process. Should
    the service be killed, the connection is closed, and this process ends by itself.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICENESS)
    log_as_json()
    with suppress(EOFError, ConnectionError):
        try:
            live = champion.read()
            loaded = Loaded(version=live.version, state=live.state, example=example(live))
            _warm_up(loaded, live)
        except Exception as error:
            if not isinstance(error, RefusedError):
                log.error("the champion cannot be loaded", exc_info=error)
            connection.send(NotUsableError(reason_of(error)))
            return
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        connection.send(loaded)
        while True:
            content, today, request_id = connection.recv()
            connection.send(_answer(content, live, today, request_id))


def _warm_up(loaded: Loaded, live: LiveModel) -> None:
    """Forecast once, which imports and compiles what the first caller would wait for."""
    with suppress(Problem):
        forecasts(parsed(json.dumps(loaded.example).encode()), live, live.newest)


def _answer(content: bytes, live: LiveModel, today: date, request_id: str) -> bytes | Exception:
    try:
        return forecasts(parsed(content), live, today).model_dump_json().encode()
    except (Problem, RequestValidationError) as problem:
        return problem
    except Exception as error:
        log.error("failed", exc_info=error, extra={"request_id": request_id})
        return internal_error()
