"""Search files, whatever their format, for a customer."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow.parquet as pq


def files_that_hold(name: str, folder: Path) -> list[str]:
    """The files whose bytes, or whose values if they are Parquet, hold a name."""
    holding = []
    for path in (path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        if content.startswith(b"PAR1"):
            content = str(pq.read_table(path, partitioning=None).to_pydict()).encode()
        if content.startswith(b"\x1f\x8b"):
            content = gzip.decompress(content)
        if name.encode() in content:
            holding.append(str(path.relative_to(folder)))
    return sorted(holding)
