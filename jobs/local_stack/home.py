"""Where the embedded stack keeps things: one folder a shop, so that two shops share no lake, registry or forecast.

A shop is a source layout together with the place it delivers to. Below its folder lie the lake, the reports, the
three databases, Airflow's logs, the MLflow artifacts and the logs of every server.
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
"""Characters; a Unix socket's whole path may have about 100 (104 on macOS, 108 on Linux)."""


class HomeError(ValueError):
    """The shop asked for cannot be served."""


@dataclass(frozen=True, kw_only=True)
class Home:
    """The folder of one shop.

    Attributes:
        folder: where everything of this shop lies.
        source: the source layout, a module of `jobs.sources`.
        landing: the file or folder the shop delivers to.
    """

    folder: Path
    source: str
    landing: Path

    @property
    def name(self) -> str:
        """The shop's name: that of its folder."""
        return self.folder.name

    @property
    def is_simulated(self) -> bool:
        """Whether the shop's data is ours to write."""
        return self.landing == self.folder / "landing"

    @property
    def java(self) -> Path:
        """The folder of what belongs to Java, for all shops: a fetched JRE, archives of Spark's classes."""
        return self.folder.parent / "java"

    @property
    def spark_log_config(self) -> Path:
        """The file that says what Spark's log is to look like."""
        return self.folder / "spark" / "log4j2.properties"

    def sockets(self) -> Path:
        """The folder for Unix sockets, made if need be: below `folder`, or a short one where its path is too long."""
        folder = self.folder / "run"
        if len(str(folder)) > _LONGEST_SOCKET_FOLDER:
            digest = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
            folder = Path(tempfile.gettempdir()) / f"clv-{os.getuid()}-{digest}"
        folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        if folder.stat().st_uid != os.getuid():
            raise HomeError(f"{folder} belongs to another user: remove it, or set CLV_HOME to a shorter path")
        return folder

    def save(self) -> None:
        """Remember the shop, and that it is the one used last."""
        self.folder.mkdir(parents=True, exist_ok=True)
        shop = {"source": self.source, "landing": str(self.landing)}
        (self.folder / "shop.json").write_text(json.dumps(shop), encoding="utf-8")
        (self.folder.parent / "current").write_text(self.name, encoding="utf-8")


def state_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of all shops: `CLV_HOME`, or `var/` in the repository."""
    return Path(environ.get("CLV_HOME") or REPOSITORY / "var").resolve()


def shop_home(source: str | None, landing: str | None, *, state: Path) -> Home:
    """The home of the shop that delivers in layout `source` to `landing`; the simulated shop where neither is given.

    Raises:
        HomeError: a real source without the place it delivers to, or a place that is not there.
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
    """The shop used last; the simulated one where there is none."""
    pointer = state / "current"
    if pointer.is_file():
        folder = state / pointer.read_text(encoding="utf-8")
        if (folder / "shop.json").is_file():
            return _load(folder)
    return shop_home(None, None, state=state)


def _load(folder: Path) -> Home:
    shop = json.loads((folder / "shop.json").read_text(encoding="utf-8"))
    return Home(folder=folder, source=shop["source"], landing=Path(shop["landing"]))
