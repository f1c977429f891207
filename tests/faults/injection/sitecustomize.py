"""Strikes a job at a named point. Python imports this module in every process whose PYTHONPATH holds this folder.

CLV_FAULT is a JSON object: `at` (module:function), `when` (before or after), `call` (1 for the first), `text` (what
the arguments must contain, where given), `strike` (see STRIKES), `pid` or `url` where the strike needs them, and
`struck`, a file that is written first: nothing is struck twice, and the test knows that the point was reached.
"""

from __future__ import annotations

import functools
import importlib.abc
import importlib.util
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psutil

Fault = dict[str, Any]


def kill_self(fault: Fault) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def stop_self(fault: Fault) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def jvm() -> psutil.Process:
    """The JVM that spark-submit became: it started this process, or one above it."""
    import psutil

    return next(process for process in psutil.Process().parents() if process.name() == "java")


def kill_jvm(fault: Fault) -> None:
    process = jvm()
    process.kill()
    while is_alive(process):
        os.sched_yield()


def is_alive(process: psutil.Process) -> bool:
    """Whether a process runs; one that its parent has not waited for stays in the list as a zombie."""
    import psutil

    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def kill_server(fault: Fault) -> None:
    """A server with all its processes, so that none of them gets to end in good order."""
    import psutil

    server = psutil.Process(fault["pid"])
    everybody = [server, *server.children(recursive=True)]
    for process in everybody:
        process.kill()
    while any(is_alive(process) for process in everybody):
        os.sched_yield()


def cut_connections(fault: Fault) -> None:
    import psycopg2

    connection = psycopg2.connect(fault["url"])
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'clv_writer'")
    connection.close()


def fill_disk(fault: Fault) -> None:
    """Let no file of the JVM grow from here on, as on a full disk."""
    import resource

    resource.prlimit(jvm().pid, resource.RLIMIT_FSIZE, (0, 0))


def fill_own_disk(fault: Fault) -> None:
    """The same for the driver, which commits to the lake."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


STRIKES = {
    "kill_self": kill_self,
    "stop_self": stop_self,
    "kill_jvm": kill_jvm,
    "kill_postgres": kill_server,
    "kill_mlflow": kill_server,
    "cut_connections": cut_connections,
    "fill_disk": fill_disk,
    "fill_own_disk": fill_own_disk,
}


def struck_at(function: Callable[..., Any], fault: Fault) -> Callable[..., Any]:
    calls: list[int] = []

    def reached(arguments: object) -> None:
        if fault.get("text") and fault["text"] not in repr(arguments):
            return
        calls.append(1)
        if len(calls) != fault["call"]:
            return
        try:
            os.close(os.open(fault["struck"], os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return
        STRIKES[fault["strike"]](fault)

    @functools.wraps(function)
    def wrapped(*positional: Any, **named: Any) -> Any:
        if fault["when"] == "before":
            reached((positional, named))
        result = function(*positional, **named)
        if fault["when"] == "after":
            reached((positional, named))
        return result

    return wrapped


def strike_in(module: ModuleType, fault: Fault) -> None:
    *owners, function = fault["at"].partition(":")[2].split(".")
    owner = functools.reduce(getattr, owners, module)
    kept = vars(owner)[function]
    if isinstance(kept, staticmethod | classmethod):
        setattr(owner, function, type(kept)(struck_at(kept.__func__, fault)))
    else:
        setattr(owner, function, struck_at(kept, fault))


class Finder(importlib.abc.MetaPathFinder):
    """Strikes in a module right after it was executed, before anybody can have imported the function from it."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != self.fault["at"].partition(":")[0]:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        loader: Any = spec.loader if spec is not None else None
        run = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            run(module)
            if module.__name__ == name:  # a loader may be that of other modules, too
                strike_in(module, self.fault)

        loader.exec_module = exec_module
        return spec


if os.environ.get("CLV_FAULT"):
    actual = json.loads(os.environ["CLV_FAULT"])
    imported = sys.modules.get(actual["at"].partition(":")[0])
    if imported is None:
        sys.meta_path.insert(0, Finder(actual))
    else:
        strike_in(imported, actual)
