"""Finds the Java that Spark needs, or fetches one."""

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
"""Spark 4 runs on 17 and newer."""

_FETCHED_JAVA = "21"

_USUAL_PLACES = (
    "/usr/lib/jvm/*",
    "/Library/Java/JavaVirtualMachines/*/Contents/Home",
    "/opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home",
    "/usr/local/opt/openjdk*/libexec/openjdk.jdk/Contents/Home",
    "/opt/java/*",
)


class JavaMissingError(RuntimeError):
    """There is no Java for Spark, and none can be fetched."""


def java_home(fetched: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """The home of a Java that Spark can use; one is fetched into `fetched` where the machine has none.

    Raises:
        JavaMissingError: none is here and none can be fetched; says what to install.
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
    yield from sorted(fetched.glob("*/Contents/Home"))
    yield from sorted(fetched.glob("*"))


def _version(java: Path) -> int:
    """The major version of a `java` program; 0 where it is none or does not run."""
    try:
        told = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60, check=True).stderr
    except (OSError, subprocess.SubprocessError):
        return 0
    match = re.search(r'version "(?:1\.)?(\d+)', told)
    return int(match[1]) if match else 0


def _fetch(folder: Path) -> Path:
    import jdk

    log.info("No Java %d or newer found: fetching a JRE %s into %s", OLDEST_JAVA, _FETCHED_JAVA, folder)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        home = Path(jdk.install(_FETCHED_JAVA, jre=True, path=str(folder)))
    except Exception as error:
        raise JavaMissingError(
            f"Spark needs Java {OLDEST_JAVA} or newer: none was found, none could be fetched ({error}). Install one:\n"
            "  Debian, Ubuntu:  sudo apt-get install openjdk-17-jre-headless\n"
            "  Fedora, RHEL:    sudo dnf install java-21-openjdk-headless\n"
            "  macOS:           brew install openjdk@21\n"
            "or set JAVA_HOME to the folder of one."
        ) from error
    bundled = home / "Contents" / "Home"
    return bundled if bundled.is_dir() else home
