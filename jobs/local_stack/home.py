"""The folders of the embedded stack: one per shop, so that shops do not share a lake, a registry or forecasts.

A shop is a source layout together with its landing path. Its folder contains the lake, the reports, the three
databases, Airflow's logs, the MLflow artifacts and the logs of every server.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]

SIMULATED = "simulated_shop"

_LONGEST_SOCKET_FOLDER = 70
"""Characters; Linux limits the whole path of a Unix socket to 107."""


class HomeError(ValueError):
    """The shop cannot be set up as requested."""


@dataclass(frozen=True, kw_only=True)
class Home:
    """The folder of one shop.

    Attributes:
        folder: all state of this shop.
        source: the source layout, a module of `jobs.sources`.
        landing: the file or folder the shop delivers to.
    """

    folder: Path
    source: str
    landing: Path

    @property
    def name(self) -> str:
        """The shop's name, which is its folder's name."""
        return self.folder.name

    @property
    def is_simulated(self) -> bool:
        """Whether the stack itself writes the shop's data."""
        return self.landing == self.folder / "landing"

    @property
    def java(self) -> Path:
        """The folder for Java, shared by all shops: a downloaded JRE and the archives of Spark's classes."""
        return self.folder.parent / "java"

    @property
    def spark_log_config(self) -> Path:
        """Spark's Log4j configuration file."""
        return self.folder / "spark" / "log4j2.properties"

    def sockets(self) -> Path:
        """The folder for Unix sockets, created if missing: below `folder`, or in /tmp if that path is too long."""
        folder = self.folder / "run"
        if len(str(folder)) > _LONGEST_SOCKET_FOLDER:
            digest = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
            folder = Path(tempfile.gettempdir()) / f"clv-{os.getuid()}-{digest}"
        folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        if folder.stat().st_uid != os.getuid():
            raise HomeError(f"{folder} belongs to another user: remove it, or set CLV_HOME to a shorter path")
        return folder

    def save(self) -> None:
        """Save the shop, and mark it as the one used last."""
        self.folder.mkdir(parents=True, exist_ok=True)
        shop = {"source": self.source, "landing": str(self.landing)}
        (self.folder / "shop.json").write_text(json.dumps(shop), encoding="utf-8")
        (self.folder.parent / "current").write_text(self.name, encoding="utf-8")


def state_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of all shops: `CLV_HOME`, or `var/` in the repository."""
    return Path(environ.get("CLV_HOME") or REPOSITORY / "var").resolve()


def shop_home(source: str | None, landing: str | None, *, state: Path) -> Home:
    """The home of the shop that delivers in layout `source` to `landing`; the simulated shop if neither is given.

    Raises:
        HomeError: a real source without a landing path, or a landing path that does not exist.
    """
    source = source or SIMULATED
    if landing is None:
        if source != SIMULATED:
            raise HomeError(f"SOURCE={source} needs LANDING=<the file or folder with the shop's data>")
        folder = state / SIMULATED
        return Home(folder=folder, source=source, landing=folder / "landing")
    place = Path(landing).expanduser().resolve()
    if not place.exists():
        raise HomeError(f"LANDING={landing} does not exist")
    digest = hashlib.sha256(str(place).encode()).hexdigest()[:6]
    return Home(folder=state / f"{source}-{digest}", source=source, landing=place)


def known_homes(state: Path) -> list[Home]:
    """Every shop that was ever started below `state`."""
    return [_load(path.parent) for path in sorted(state.glob("*/shop.json"))]


def current_home(state: Path) -> Home:
    """The shop used last; the simulated one if there is none."""
    pointer = state / "current"
    if pointer.is_file():
        folder = state / pointer.read_text(encoding="utf-8")
        if (folder / "shop.json").is_file():
            return _load(folder)
    return shop_home(None, None, state=state)


def _load(folder: Path) -> Home:
    shop = json.loads((folder / "shop.json").read_text(encoding="utf-8"))
    return Home(folder=folder, source=shop["source"], landing=Path(shop["landing"]))
