"""Real receivers of notices on the loopback interface: a webhook and a mail server."""

from __future__ import annotations

import json
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, TypeVar, cast

Server = TypeVar("Server", bound=socketserver.BaseServer)


class Webhook(ThreadingHTTPServer):
    """Keeps what is posted to it: path and body; answers with a status, after it was let go where it hangs."""

    daemon_threads = True

    def __init__(self, *, status: int = 200, hangs: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Post)
        self.status = status
        self.let_go = Event()
        if not hangs:
            self.let_go.set()
        self.received: list[tuple[str, dict[str, Any]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Post(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        webhook = cast(Webhook, self.server)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        webhook.received.append((self.path, json.loads(body)))
        webhook.let_go.wait()
        self.send_response(webhook.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class MailServer(socketserver.ThreadingTCPServer):
    """Keeps the messages it takes; speaks as much SMTP as a client needs, without encryption."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.messages: list[str] = []
        self.commands: list[str] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server = cast(MailServer, self.server)
        self._say("220 ready")
        while line := self.rfile.readline().decode().strip():
            server.commands.append(line)
            if line.lower() == "data":
                self._say("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                server.messages.append(b"".join(lines).decode())
            self._say("221 bye" if line.lower() == "quit" else "250 ok")

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """Serve in the background."""
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        if isinstance(server, Webhook):
            server.let_go.set()
        server.shutdown()
        server.server_close()
        thread.join()
