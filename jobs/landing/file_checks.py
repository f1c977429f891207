"""Whether a delivered file is one: its place, its name, its size, and that it is whole."""

from __future__ import annotations

import gzip
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.core.messages import message_of
from jobs.core.refusal import RefusedError

FORMATS = (".csv", ".csv.gz", ".parquet", ".xlsx")
MOST_EXPANSION = 200
"""A compressed file may hold this many times its own size."""

_ALWAYS_ALLOWED_BYTES = 100_000_000
_SPECIAL_TO_READERS = re.compile(r"[\[\]{}*?:\\]")
"""Characters that Spark reads as patterns or separators in a path."""

_CHUNK_BYTES = 1 << 20


class LandingError(RefusedError):
    """A delivery cannot be used; the message names the file and the remedy."""


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn every error of a library that reads the path into a LandingError that names the path and the remedy."""
    try:
        yield
    except PermissionError as error:
        raise LandingError(
            f"{path} cannot be read ({message_of(error)}): grant the user that runs the job read access"
        ) from error
    except (pa.ArrowException, OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise LandingError(
            f"{path} is damaged or was not delivered in full ({message_of(error)}): deliver it again"
        ) from error


def has_known_format(path: Path) -> bool:
    """Whether a file's name has the ending of a supported format."""
    return path.name.endswith(FORMATS)


def check_is_file(path: Path) -> None:
    """Raise LandingError for a path that is not a file, an empty file, and an unsupported name or format."""
    with reading(path):
        is_there = path.exists()
    if path.is_dir():
        raise LandingError(f"{path} is a folder where a file was expected: deliver one of {', '.join(FORMATS)}")
    if not is_there:
        raise LandingError(f"{path} does not exist, or is a broken link: deliver it again")
    if not path.is_file():
        raise LandingError(f"{path} is not a regular file but a pipe or a device: deliver one of {', '.join(FORMATS)}")
    if not has_known_format(path):
        raise LandingError(f"{path} has an unsupported format: deliver one of {', '.join(FORMATS)}")
    if _SPECIAL_TO_READERS.search(path.name) or not path.name.isprintable():
        raise LandingError(
            f"{str(path)!r} has a name with one of [ ] {{ }} * ? : \\ or a character that cannot be printed: rename it"
        )
    if path.stat().st_size == 0:
        raise LandingError(f"{path} is empty and has no header: deliver it again")


def check_is_inside(path: Path, landing: Path) -> None:
    """Raise LandingError for a link that leads out of the landing: what it leads to is no delivery."""
    try:
        target = path.resolve()
    except (OSError, RuntimeError) as error:
        raise LandingError(f"{path} does not exist, or is a broken link: deliver it again") from error
    if not target.is_relative_to(landing.resolve()):
        raise LandingError(f"{path} is a link that leads out of {landing}: deliver the file itself")


def verify(path: Path) -> None:
    """Read as much of a file as shows that it is complete and of a sane size; raise LandingError if it is not."""
    check_is_file(path)
    with reading(path):
        if path.name.endswith(".parquet"):
            pq.read_metadata(path)
            return
        limit = max(_ALWAYS_ALLOWED_BYTES, MOST_EXPANSION * path.stat().st_size)
        expanded = 0
        for size in _expanded_sizes(path):
            expanded += size
            if expanded > limit:
                raise LandingError(
                    f"{path} expands to more than {limit:,} bytes, {MOST_EXPANSION} times its size or more: it is no "
                    "plausible delivery. Deliver the file without compression if it is"
                )


def _expanded_sizes(path: Path) -> Iterator[int]:
    """The sizes in bytes of the parts that a compressed file expands to; the parts of a .gz are read."""
    if path.name.endswith(".gz"):
        with gzip.open(path) as file:
            while chunk := file.read(_CHUNK_BYTES):
                yield len(chunk)
    elif path.name.endswith(".xlsx"):
        with zipfile.ZipFile(path) as workbook:
            yield from (part.file_size for part in workbook.infolist())
