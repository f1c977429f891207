"""Which code made a result: the version of `jobs/`, and hashes of files."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

JOBS = Path(__file__).parents[1]

_DIGITS = 12


@cache
def code_version() -> str:
    """`<commit>+<hash of jobs/>`, or the hash alone outside a git checkout.

    The commit is the last one that touched `jobs/`. The hash covers every module there, so an uncommitted
    edit changes the version too.
    """
    commit = _last_commit()
    content = folder_sha256(JOBS, "*.py")[:_DIGITS]
    return f"{commit}+{content}" if commit else content


def folder_sha256(folder: Path, pattern: str = "*") -> str:
    """`files_sha256` of all files in a folder and its subfolders."""
    paths = (path for path in folder.rglob(pattern) if path.is_file())
    return files_sha256({path.relative_to(folder).as_posix(): path.read_bytes() for path in paths})


def files_sha256(files: Mapping[str, bytes]) -> str:
    """A hash of the names and contents of files, independent of their order."""
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{hashlib.sha256(content).hexdigest()} {name}\n".encode())
    return digest.hexdigest()


def _last_commit() -> str | None:
    """The last commit of `jobs/`; None without git, outside a checkout, or if the folder is not tracked."""
    try:
        git_log = subprocess.run(
            ["git", "-C", str(JOBS.parent), "log", "-1", "--format=%H", "--", JOBS.name],
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return None
    return git_log.stdout.strip()[:_DIGITS] or None
