"""The files a simulated shop delivers: gzipped CSV whose bytes depend on nothing but their rows."""

from __future__ import annotations

import gzip
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv

_GZIP_LEVEL = 4


def as_text(seconds: npt.NDArray[np.int64]) -> pa.Array:
    """Seconds since 1970 as text, `YYYY-MM-DD hh:mm:ss`."""
    return pa.array(seconds, pa.timestamp("s")).cast(pa.string())


def csv_text(table: pa.Table, *, header: bool = False) -> bytes:
    """A table as CSV.

    Its chunks are joined first: pyarrow 25 writes arbitrary memory in the place of an empty chunk.
    """
    buffer = io.BytesIO()
    pyarrow.csv.write_csv(
        table.combine_chunks(), buffer, pyarrow.csv.WriteOptions(include_header=header, quoting_style="needed")
    )
    return buffer.getvalue()


def write_gzip(path: Path, parts: Sequence[bytes]) -> None:
    """Write bytes as one gzip file without a time stamp."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(b"".join(parts), _GZIP_LEVEL, mtime=0))
