"""The landing's cache in the lake: Parquet copies of files, and the calendars of large files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

CACHE = "landing_cache"


@contextmanager
def cache_root(lake: Path, *, is_dry_run: bool) -> Iterator[Path]:
    """The folder that contains the cache. A dry run uses a temporary copy of the lake's cache."""
    if not is_dry_run:
        yield lake
        return
    with TemporaryDirectory() as scratch:
        cache = Path(scratch, CACHE)
        cache.mkdir()
        for entry in (lake / CACHE).glob("[!.]*"):
            cache.joinpath(entry.name).symlink_to(entry.resolve())
        yield Path(scratch)
