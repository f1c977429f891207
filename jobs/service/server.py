"""uvicorn around the application."""

from __future__ import annotations

from fastapi import FastAPI
from uvicorn import Config, Server

from jobs.service.settings import ServiceSettings

_LONGEST_HEAD = 32 * 1024
"""Bytes of a request line and its headers."""


def server(app: FastAPI, settings: ServiceSettings) -> Server:
    """A server of one process: the rates of the keys are in its memory. `run()` serves until SIGINT or SIGTERM."""
    return Server(
        Config(
            app,
            host=settings.host,
            port=settings.port,
            http="h11",
            ws="none",
            loop="asyncio",
            # The guard logs every request, without its address; uvicorn's own log has the whole path.
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            h11_max_incomplete_event_size=_LONGEST_HEAD,
            timeout_keep_alive=10,
            timeout_graceful_shutdown=int(settings.request_seconds) + 5,
        )
    )
