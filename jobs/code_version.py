"""Which code made a result: the git commit, where there is one, and a hash of `jobs/`, which needs no git."""

from __future__ import annotations

import hashlib
import subprocess
from functools import cache
from pathlib import Path

JOBS = Path(__file__).parent

_DIGITS = 12


@cache
def code_version() -> str:
    """`<commit>+<hash>`, or `<hash>` alone outside a git checkout.

    The hash covers every module of `jobs/`, so that edits which are not committed count as another version too.
    """
    commit = _git_commit()
    return f"{commit}+{_content_hash()}" if commit else _content_hash()


def _content_hash() -> str:
    digest = hashlib.sha256()
    for path in sorted(JOBS.rglob("*.py"), key=lambda path: path.relative_to(JOBS).as_posix()):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(JOBS).as_posix()} {content}\n".encode())
    return digest.hexdigest()[:_DIGITS]


def _git_commit() -> str | None:
    """The commit that is checked out around `jobs/`; None without git, or where `jobs/` is not tracked by it."""
    try:
        found = subprocess.run(
            ["git", "-C", str(JOBS.parent), "log", "-1", "--format=%H", "--", JOBS.name],
            capture_output=True,
            text=True,
            check=False,
            timeout=10,
        )
    except FileNotFoundError:
        return None
    return found.stdout.strip()[:_DIGITS] or None
