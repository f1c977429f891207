"""What is kept of the landing: a folder with what is known of its files, and the lists that the shop overwrites.

All value bases share both: the lists are in the lake of net revenue.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from jobs.core.settings import LANDING_CACHE, Settings
from jobs.core.value_basis import NET_REVENUE
from jobs.lake.lake import Lake


@dataclass(frozen=True)
class Kept:
    """What is kept of the landing.

    Attributes:
        cache: the folder of copies and contents of delivered files; it can be deleted at any time.
        lake: the lake that keeps the lists.
    """

    cache: Path
    lake: Lake

    @classmethod
    def of(cls, settings: Settings) -> Kept:
        """Where the settings keep it."""
        return cls(settings.cache, Lake(settings.on(NET_REVENUE).lake))

    @classmethod
    def in_folder(cls, lake: str) -> Kept:
        """Where it is for a lake in a folder."""
        return cls(Path(lake) / LANDING_CACHE, Lake(lake))


@contextmanager
def scratch_folder(cache: Path) -> Iterator[Path]:
    """A folder in the cache that is removed afterwards."""
    cache.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=cache, prefix=".scratch-") as folder:
        yield Path(folder)


@contextmanager
def scratch_copy(kept: Kept) -> Iterator[Kept]:
    """The same with a temporary cache, made of links: what is added to it is forgotten."""
    with TemporaryDirectory() as scratch:
        for path in (path for path in kept.cache.rglob("*") if path.is_file()):
            link = Path(scratch) / path.relative_to(kept.cache)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path.resolve())
        yield replace(kept, cache=Path(scratch))
