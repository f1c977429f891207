"""Embedded stacks that tests start: a small shop of their own, and the processes that belong to it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from jobs.core.month import Month
from jobs.local_stack.home import shop_home
from jobs.local_stack.processes import MARK
from jobs.local_stack.stack import Stack, down, up

CUSTOMERS, MONTHS = 300, 14


@contextmanager
def small_shop(state: Path, last: Month, **environ: str) -> Iterator[Stack]:
    """A started stack of a simulated shop that has delivered `MONTHS` months up to `last`."""
    home = shop_home(None, None, state=state)
    size = ["--customers", str(CUSTOMERS), "--months", str(MONTHS), "--end", str(last)]
    subprocess.run([sys.executable, "-m", "jobs.simulate", *size, "--out", str(home.landing)], check=True)
    inherited = {name: value for name, value in os.environ.items() if name not in ("AIRFLOW_PORT", "MLFLOW_PORT")}
    try:
        yield up(home, inherited | environ)
    finally:
        down(state)


def marked(stack: Stack) -> list[psutil.Process]:
    """The processes that carry the stack's mark: all but Postgres, where that runs as another user."""
    actual = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == str(stack.home.folder) and process.cmdline():
                actual.append(process)
        except psutil.Error:
            continue
    return actual


def command_line(process: psutil.Process) -> str:
    """Empty for a process that has ended meanwhile."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
