"""What a result was made by: the version of the code, and the hash of a folder's files."""

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

    The commit is the last one that touched `jobs/`. The hash covers every module there, so that an edit which is not
    committed counts as another version too.
    """
    commit = _last_commit()
    content = folder_sha256(JOBS, "*.py")[:_DIGITS]
    return f"{commit}+{content}" if commit else content


def folder_sha256(folder: Path, pattern: str = "*") -> str:
    """`files_sha256` of a folder's files, those of its subfolders included."""
    found = (path for path in folder.rglob(pattern) if path.is_file())
    return files_sha256({path.relative_to(folder).as_posix(): path.read_bytes() for path in found})


def files_sha256(files: Mapping[str, bytes]) -> str:
    """A hash over the names and the contents of files, whatever their order."""
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{hashlib.sha256(content).hexdigest()} {name}\n".encode())
    return digest.hexdigest()


def _last_commit() -> str | None:
    """The last commit of `jobs/`; None without git, outside a checkout, or where it is not tracked."""
    try:
        found = subprocess.run(
            ["git", "-C", str(JOBS.parent), "log", "-1", "--format=%H", "--", JOBS.name],
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return None
    return found.stdout.strip()[:_DIGITS] or None
