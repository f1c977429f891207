"""Pages of the documentation that are made from code or figures: written, or compared with what is committed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path


def write_or_check(module: str, path: Path, page: Callable[[], str], argv: Sequence[str] | None) -> None:
    """The command line of a page's module: write the page, or exit with 1 where the committed one is another."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=f"Make {path.name}.")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", action="store_true")
    action.add_argument("--check", action="store_true")
    if parser.parse_args(argv).write:
        path.write_text(page(), encoding="utf-8")
    elif path.read_text(encoding="utf-8") != page():
        sys.exit(f"{path.name} is not what it would be made from now: run python -m {module} --write")
