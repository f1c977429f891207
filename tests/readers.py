"""A Postgres that readers reach over TCP, as on the embedded stack."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Engine, make_url

from jobs.core.migrations import migrate
from jobs.core.postgres import engine
from jobs.local_stack import postgres_server as server
from jobs.local_stack.ports import LOOPBACK, USUAL_PORTS, free_ports


@dataclass(frozen=True)
class ReadableServer:
    """A migrated forecast database: its TCP port, where `clv_reader` reads it, and the role of the jobs."""

    port: int
    reader: URL
    writer: Engine


@contextmanager
def readable_server(folder: Path, password: str) -> Iterator[ReadableServer]:
    """Run one until the context exits, with its data in a folder."""
    port = free_ports({}, USUAL_PORTS).postgres
    with server.temporary(folder / "postgres", port) as socket_folder:
        sockets = socket_folder.parent
        server.create_databases(sockets, port)
        migrate(engine(server.url(server.SUPERUSER, "clv", sockets, port)))
        server.set_reader_password(password, sockets, port)
        reader = make_url(f"postgresql+psycopg2://{server.READER}@{LOOPBACK}:{port}/clv").set(password=password)
        yield ReadableServer(port, reader, engine(server.url("clv_writer", "clv", sockets, port)))
