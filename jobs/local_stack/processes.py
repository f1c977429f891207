"""Run the stack's servers under `supervisor`, which restarts servers that die, and stop all its processes."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from supervisor.xmlrpc import SupervisorTransport

MARK = "CLV_STACK"
"""Environment variable set to the stack's folder in each of its processes, down to a task's Spark driver."""

_STOP_SECONDS = 5


@dataclass(frozen=True)
class Program:
    """A server to keep running."""

    name: str
    command: Sequence[str]
    user: str | None = None
    stop_signal: str = "TERM"


@dataclass(frozen=True)
class Supervisor:
    """The supervisor daemon of one stack.

    Attributes:
        folder: the stack's folder, which marks its processes.
        logs: where each program's output goes.
        sockets: the folder of its control socket.
    """

    folder: Path
    logs: Path
    sockets: Path

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "supervisord.conf"

    def start(self, programs: Sequence[Program], environment: Mapping[str, str]) -> None:
        """Start the daemon with all programs configured and none running; it stops them in reverse order."""
        self.logs.mkdir(parents=True, exist_ok=True)
        self.config.write_text(self._render(programs), encoding="utf-8")
        subprocess.run(
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(self.config)],
            env=self.marked(environment),
            stdin=subprocess.DEVNULL,
            check=True,
        )

    def marked(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The environment plus the mark by which the stack finds a process and stops it."""
        return {**environment, MARK: str(self.folder)}

    def launch(self, *names: str) -> None:
        """Start programs and return at once."""
        with self._daemon() as daemon:
            for name in names:
                daemon.startProcess(name, False)

    def states(self) -> dict[str, str]:
        """Program → state (`RUNNING`, `STARTING`, `BACKOFF`, `FATAL`, …); empty if no daemon responds."""
        try:
            with self._daemon() as daemon:
                return {process["name"]: process["statename"] for process in daemon.getAllProcessInfo()}
        except (OSError, xmlrpc.client.Error):
            return {}

    def stop(self, *, last: str) -> None:
        """Stop the programs (`last` after the others), the daemon, and any other process with the stack's mark."""
        others = [name for name in self.states() if name != last]
        with suppress(OSError, xmlrpc.client.Error):
            with self._daemon() as daemon:
                for name in others:
                    with suppress(xmlrpc.client.Fault):
                        daemon.stopProcess(name, False)
            _wait_until(lambda: not {"RUNNING", "STOPPING"} & {self.states().get(name) for name in others})
            with self._daemon() as daemon:
                daemon.shutdown()
            _wait_until(lambda: not self._is_alive())
        end_marked_processes(self.folder)

    def _is_alive(self) -> bool:
        try:
            pid = int((self.folder / "supervisord.pid").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return False
        return bool(psutil.pid_exists(pid))

    @contextmanager
    def _daemon(self) -> Iterator[Any]:
        """The daemon's remote calls; raises OSError if no daemon responds."""
        transport = SupervisorTransport(None, None, f"unix://{self.sockets / 'supervisor.sock'}")
        with xmlrpc.client.ServerProxy("http://supervisor", transport=transport) as proxy:
            yield proxy.supervisor

    def _render(self, programs: Sequence[Program]) -> str:
        sections: dict[str, dict[str, object]] = {
            "unix_http_server": {"file": self.sockets / "supervisor.sock", "chmod": "0700"},
            "rpcinterface:supervisor": {
                "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
            },
            "supervisord": {
                "logfile": self.logs / "supervisord.log",
                "pidfile": self.folder / "supervisord.pid",
                "childlogdir": self.logs,
                "directory": self.folder,
            },
        }
        if os.geteuid() == 0:
            sections["supervisord"]["user"] = "root"
        for order, program in enumerate(programs):
            sections[f"program:{program.name}"] = {
                "command": shlex.join(program.command),
                "priority": order,
                "autostart": "false",
                "autorestart": "true",
                "stopsignal": program.stop_signal,
                "stopasgroup": "true",
                "killasgroup": "true",
                "stopwaitsecs": _STOP_SECONDS,
                "redirect_stderr": "true",
                "stdout_logfile": self.logs / f"{program.name}.log",
                "stdout_logfile_maxbytes": "20MB",
                "stdout_logfile_backups": 1,
            }
            if program.user:
                sections[f"program:{program.name}"]["user"] = program.user
        return "\n".join(
            "\n".join([f"[{name}]", *(f"{key}={str(value).replace('%', '%%')}" for key, value in options.items()), ""])
            for name, options in sections.items()
        )


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 3 * _STOP_SECONDS
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)


def end_marked_processes(folder: Path) -> None:
    """End every process with a stack's mark: servers left by a crash, Spark drivers of killed tasks."""
    marked = [process for process in psutil.process_iter() if _mark(process) == str(folder)]
    end_processes(marked)


def end_processes(processes: Sequence[psutil.Process]) -> None:
    """Terminate processes, and kill those that do not end in time."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(processes, timeout=_STOP_SECONDS)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=_STOP_SECONDS)


def _mark(process: psutil.Process) -> str | None:
    try:
        return str(process.environ().get(MARK)) if process.pid != os.getpid() else None
    except (psutil.Error, OSError):
        return None
