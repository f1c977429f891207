"""Private folders to write into, and the removal of those whose process was killed.

Each folder has a lock file, which its process holds. The operating system releases the lock when the process ends for
any reason, so a folder whose lock can be taken is an orphan.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from uuid import uuid4

_LOCK = ".lock"


@contextmanager
def private_folder(place: Path, name: str) -> Iterator[Path]:
    """A new, empty folder in `place`, always removed afterwards; orphans in `place` are removed first."""
    place.mkdir(parents=True, exist_ok=True)
    remove_orphans(place)
    lock, handle = _new_lock(place, name)
    folder = lock.with_suffix("")
    try:
        folder.mkdir()
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.unlink(missing_ok=True)
        handle.close()


@contextmanager
def exclusive(lock: Path) -> Iterator[None]:
    """Hold a file's lock; others wait until it is free. The file is never removed: a waiter may have it open."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def remove_orphans(place: Path) -> None:
    """Remove the folders of processes that have ended."""
    for lock in sorted(place.glob(f"*{_LOCK}")):
        try:
            handle = lock.open("r+")
        except FileNotFoundError:
            continue
        with handle:
            if _try_lock(handle):
                shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
                lock.unlink(missing_ok=True)


def _new_lock(place: Path, name: str) -> tuple[Path, IO[str]]:
    """A new lock file, held. Another process may remove it as an orphan before it is locked; then a new one is made."""
    while True:
        path = place / f"{name}-{uuid4().hex}{_LOCK}"
        handle = path.open("w")
        if _try_lock(handle) and path.exists() and os.fstat(handle.fileno()).st_ino == path.stat().st_ino:
            return path, handle
        handle.close()


def _try_lock(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
