"""What the lake keeps of the landing: a cache of files (copies of workbooks, contents), and lists that are overwritten.

All value bases share it: it lies in the lake of net revenue.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

CACHE = "landing_cache"
KEPT = "delivered"
"""The folder of lists that the shop overwrites: `delivered/<table>/month=YYYY-MM/`."""


@contextmanager
def cache_root(lake: Path, *, is_dry_run: bool) -> Iterator[Path]:
    """The folder that contains both. A dry run uses a temporary copy of the lake's, made of links."""
    if not is_dry_run:
        yield lake
        return
    with TemporaryDirectory() as scratch:
        copy = Path(scratch)
        (copy / CACHE).mkdir()
        for entry in [*(lake / CACHE).glob("[!.]*"), *(lake / KEPT).glob("*/month=*")]:
            link = copy / entry.relative_to(lake)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(entry.resolve())
        yield copy
