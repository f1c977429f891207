"""The Data Docs without internet: pages that load what they need from the site itself.

Great Expectations' pages load Bootstrap, jQuery, Font Awesome, Vega and two table plugins from seven servers. What they
need of it comes from the package Bootstrap-Flask, which is used for its files alone (Bootstrap 4 and jQuery, both MIT),
and from `offline_pages.js` and `offline_pages.css` beside this module: the tables and the icons.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from importlib.metadata import distribution
from pathlib import Path

_BOOTSTRAP = "flask_bootstrap/static/bootstrap4"
_PACKAGED = ("css/bootstrap.min.css", "jquery.min.js", "umd/popper.min.js", "js/bootstrap.min.js")
_OWN = ("offline_pages.css", "offline_pages.js")
_ASSETS = tuple(Path(name).name for name in (*_PACKAGED, *_OWN))
"""In the order in which a page loads them."""

_LOADED = re.compile(
    r"[ \t]*(?:<script\b[^>]*\bsrc=\"https?://[^>]*></script>|<link\b[^>]*\bhref=\"https?://[^>]*>)\n?"
)
_LOGO = re.compile(r"<img\b[^>]*\bsrc=\"https?://[^>]*>")
_FOOTER = re.compile(r"<footer>.*?</footer>", re.DOTALL)
_FONT = re.compile(r"@font-face\s*\{[^}]*https?://[^}]*\}")
_IMAGE = re.compile(r"url\(['\"]?https?://[^)]*\)")


def copy_assets(site: Path) -> None:
    """Copy what the pages load into the site, below `static/offline`."""
    folder = site / "static" / "offline"
    folder.mkdir(parents=True, exist_ok=True)
    packaged = Path(str(distribution("bootstrap-flask").locate_file(_BOOTSTRAP)))
    for source in (*(packaged / name for name in _PACKAGED), *(Path(__file__).with_name(name) for name in _OWN)):
        _replace(folder / source.name, source.read_bytes())


def make_offline(site: Path, pages: Iterable[Path]) -> None:
    """Rewrite pages of a site so that they load only its own files; a page that was rewritten stays as it is."""
    for page in pages:
        text = page.read_text(encoding="utf-8")
        folder = os.path.relpath(site / "static" / "offline", page.parent)
        own = offline(text, folder)
        if own != text:
            _replace(page, own.encode())


def offline(page: str, folder: str) -> str:
    """A page whose scripts and styles come from a folder, without remote pictures, fonts and the newsletter."""
    without = page
    for remote, instead in ((_LOADED, ""), (_LOGO, "<b>Data Docs</b>"), (_FOOTER, ""), (_FONT, ""), (_IMAGE, "none")):
        without = remote.sub(instead, without)
    if without == page:
        return page
    loaded = [
        f'<script src="{folder}/{name}"></script>'
        if name.endswith(".js")
        else f'<link rel="stylesheet" href="{folder}/{name}">'
        for name in _ASSETS
    ]
    return without.replace("</head>", "\n".join([*loaded, "</head>"]), 1)


def _replace(file: Path, content: bytes) -> None:
    """Write a file in one step: other tasks and readers use the same site."""
    written = file.with_name(f".{file.name}.{os.getpid()}")
    written.write_bytes(content)
    written.replace(file)
