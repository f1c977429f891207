"""Generated pages: a template with the prose, filled with data; written, or compared with the committed page."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

DOCS = Path(__file__).parents[1]
RESULTS = DOCS.parent / "benchmarks" / "results"

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,
)


def rendered(name: str, **values: object) -> str:
    """The template `<name>.md.j2`, filled; raises jinja2.UndefinedError if a value is missing."""
    return _TEMPLATES.get_template(f"{name}.md.j2").render(values, table=table)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table without its last line break; a `|` in a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def write_or_check(module: str, path: Path, page: Callable[[], str], argv: Sequence[str] | None) -> None:
    """The command line of a page's module: write the page, or exit with 1 if the committed one differs."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=f"Generate {path.name}.")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", action="store_true")
    action.add_argument("--check", action="store_true")
    if parser.parse_args(argv).write:
        path.write_text(page(), encoding="utf-8")
    elif path.read_text(encoding="utf-8") != page():
        sys.exit(f"{path.name} is out of date: run python -m {module} --write")
