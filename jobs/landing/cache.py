"""The landing's cache in the lake: copies of workbooks, and what is known of large files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

CACHE = "landing_cache"


@contextmanager
def cache_root(lake: Path, *, is_dry_run: bool) -> Iterator[Path]:
    """The folder that holds the cache. A dry run reads the lake's cache and writes to a copy, which is removed."""
    if not is_dry_run:
        yield lake
        return
    with TemporaryDirectory() as scratch:
        cache = Path(scratch, CACHE)
        cache.mkdir()
        for known in (lake / CACHE).glob("[!.]*"):
            cache.joinpath(known.name).symlink_to(known.resolve())
        yield Path(scratch)
