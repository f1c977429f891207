"""Find a Java runtime for Spark, or download one."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

log = logging.getLogger(__name__)

OLDEST_JAVA = 17
"""Spark 4 requires Java 17 or newer."""

_FETCHED_JAVA = "21"

_USUAL_PLACES = (
    "/usr/lib/jvm/*",
    "/opt/java/*",
)


class JavaMissingError(RuntimeError):
    """No Java runtime for Spark was found, and none could be downloaded."""


def java_home(fetched: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """The home of a Java runtime that Spark can use; if the machine has none, one is downloaded into `fetched`.

    Raises:
        JavaMissingError: none was found and none could be downloaded; the message states what to install.
    """
    for candidate in _candidates(fetched, environ):
        if _version(candidate / "bin" / "java") >= OLDEST_JAVA:
            return candidate
    return _fetch(fetched)


def _candidates(fetched: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    if environ.get("JAVA_HOME"):
        yield Path(environ["JAVA_HOME"])
    on_path = shutil.which("java", path=environ.get("PATH"))
    if on_path:
        yield Path(on_path).resolve().parents[1]
    for pattern in _USUAL_PLACES:
        yield from sorted(Path("/").glob(pattern.lstrip("/")), reverse=True)
    yield from sorted(fetched.glob("*"))


def _version(java: Path) -> int:
    """The major version of a `java` program; 0 if it does not exist or does not run."""
    try:
        output = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60, check=True).stderr
    except (OSError, subprocess.SubprocessError):
        return 0
    match = re.search(r'version "(?:1\.)?(\d+)', output)
    return int(match[1]) if match else 0


def _fetch(folder: Path) -> Path:
    import jdk

    log.info("No Java %d or newer found: downloading JRE %s to %s", OLDEST_JAVA, _FETCHED_JAVA, folder)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return Path(jdk.install(_FETCHED_JAVA, jre=True, path=str(folder)))
    except Exception as error:
        raise JavaMissingError(
            f"Spark needs Java {OLDEST_JAVA} or newer: none found, and the download failed ({error}). Install it:\n"
            "  Debian, Ubuntu:  sudo apt-get install openjdk-17-jre-headless\n"
            "  Fedora, RHEL:    sudo dnf install java-21-openjdk-headless\n"
            "or set JAVA_HOME to the folder of an existing installation."
        ) from error
