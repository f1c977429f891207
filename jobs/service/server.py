"""uvicorn around the application."""

from __future__ import annotations

import logging
from functools import partial

from fastapi import FastAPI
from uvicorn import Config, Server

from jobs.service.connection import BoundedConnection
from jobs.service.settings import ServiceSettings

_LONGEST_HEAD = 32 * 1024
"""Bytes of a request line and its headers that the server waits for; the guard allows fewer."""


def server(app: FastAPI, settings: ServiceSettings) -> Server:
    """A server of one process: the rates of the keys are in its memory. `run()` serves until SIGINT or SIGTERM."""
    served = Server(
        Config(
            app,
            host=settings.host,
            port=settings.port,
            http=partial(BoundedConnection, head_seconds=settings.head_seconds, most_bytes=_LONGEST_HEAD),  # type: ignore[arg-type]
            ws="none",
            loop="auto",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=bool(settings.proxies),
            forwarded_allow_ips=settings.proxies,
            timeout_keep_alive=10,
            timeout_graceful_shutdown=int(settings.request_seconds) + 5,
        )
    )
    # The guard logs every request. uvicorn would log whole paths, with ids of customers, wherever a handler listens.
    logging.getLogger("uvicorn.access").setLevel(logging.CRITICAL)
    return served
