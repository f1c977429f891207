"""Who may import whom: programs import packages, low packages nothing above them, and no import runs in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import ROOT

PRODUCTION = ("jobs", "expectations", "dags", "plugins")
GROUND = {"jobs.core": {"jobs.core"}, "jobs.lake": {"jobs.core", "jobs.lake"}}
"""Packages that import these packages of `jobs` alone."""
NEVER_IMPORTED = ("jobs.local_stack", "jobs.simulation", "benchmarks", "docs", "tests", "notebooks")
"""What production code does not import; a package of these may import itself."""
OWN_PROGRAMS = {"jobs.simulate": "jobs.simulation"}
MOST_LINES = 250
MOST_LINES_OF_A_FUNCTION = 60


def modules() -> dict[str, Path]:
    """Every module of the repository outside `tests` and `notebooks`, by its dotted name."""
    places = [ROOT / name for name in (*PRODUCTION, "benchmarks", "docs/generate")]
    paths = [path for place in places for path in place.rglob("*.py") if ".venv" not in path.parts]
    return {_name(path): path for path in sorted(paths)}


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def imports() -> Mapping[str, frozenset[str]]:
    """Module → the modules of the repository that it imports, inside functions and for type checkers too."""
    known = modules()
    return {name: frozenset(_imported(path, set(known)) - {name}) for name, path in known.items()}


def _imported(path: Path, known: set[str]) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            members = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= (members & known) or {node.module}
    return names & known


def package(module: str) -> str:
    """`jobs.lake.tables` → `jobs.lake`; a program, and any module outside `jobs`, stands for itself."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "jobs" else module


def is_program(module: str) -> bool:
    """Whether a module stands directly in `jobs/`."""
    return module.startswith("jobs.") and module.count(".") == 1 and (ROOT / "jobs" / f"{module[5:]}.py").is_file()


def edges() -> Iterator[tuple[str, str]]:
    for module, imported in imports().items():
        for other in sorted(imported):
            yield module, other


def test_no_module_imports_a_program() -> None:
    assert [edge for edge in edges() if is_program(edge[1])] == []


@pytest.mark.parametrize("ground", GROUND)
def test_the_ground_floor_imports_nothing_above_it(ground: str) -> None:
    above = [
        (module, other)
        for module, other in edges()
        if package(module) == ground and other.startswith("jobs.") and package(other) not in GROUND[ground]
    ]
    assert above == []


@pytest.mark.parametrize("apart", NEVER_IMPORTED)
def test_production_code_imports_nothing_that_is_not_production(apart: str) -> None:
    wrong = [
        (module, other)
        for module, other in edges()
        if module.startswith(PRODUCTION)
        and f"{other}.".startswith(f"{apart}.")
        and not f"{module}.".startswith(("jobs.local_stack.", "jobs.simulation."))
        and OWN_PROGRAMS.get(module) != apart
    ]
    assert wrong == []


def test_dags_import_nothing_of_the_jobs() -> None:
    assert [edge for edge in edges() if edge[0].startswith("dags.") and not edge[1].startswith("dags.")] == []


def test_no_module_imports_itself_through_others() -> None:
    assert _circle(imports()) is None


def test_no_package_imports_itself_through_others() -> None:
    between: dict[str, set[str]] = {}
    for module, other in edges():
        if package(module) != package(other):
            between.setdefault(package(module), set()).add(package(other))
    assert _circle(between) is None


def _circle(graph: Mapping[str, set[str] | frozenset[str]]) -> list[str] | None:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle
    return None


def test_no_module_is_longer_than_a_reader_holds_in_mind() -> None:
    longest = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in modules().items()}
    assert {name: lines for name, lines in longest.items() if lines > MOST_LINES} == {}


def test_programs_are_short() -> None:
    lines = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in modules().items()}
    assert {name: count for name, count in lines.items() if is_program(name) and count > 110} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    functions = [
        (f"{name}.{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1)
        for name, path in modules().items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    ]
    assert [function for function in functions if function[1] > MOST_LINES_OF_A_FUNCTION] == []
