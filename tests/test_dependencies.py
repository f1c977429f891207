"""What is imported is declared, what runs in production is locked apart from the tools, and both locks agree."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from sqlalchemy import text as sql_text

from tests.conftest import ROOT, Database

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PRODUCTION = ("jobs", "dags", "plugins", "expectations")
TOOLS = ("benchmarks", "docs", "notebooks", "tests")
OWN = {*PRODUCTION, *TOOLS, *(path.stem for folder in ("dags", "plugins") for path in (ROOT / folder).glob("*.py"))}
PEERS = {"lifetimes"}
"""What benchmarks import in an environment of their own, locked by `benchmarks/requirements.lock`."""


def declared(*specifications: str) -> set[str]:
    return {_normalised(re.split(r"[\[<>=;~! ]", specification)[0]) for specification in specifications}


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(folders: tuple[str, ...]) -> set[str]:
    """The top-level packages that the modules of some folders import, but for Python's own and ours."""
    names: set[str] = set()
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py") if ".venv" not in path.parts):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module.split(".")[0])
    return names - OWN - PEERS - set(sys.stdlib_module_names)


RUNTIME = declared(*PROJECT["project"]["dependencies"])
DEVELOPMENT = declared(*PROJECT["dependency-groups"]["dev"])


@pytest.mark.parametrize(
    ("folders", "allowed"), [(PRODUCTION, RUNTIME), (TOOLS, RUNTIME | DEVELOPMENT)], ids=["production", "tools"]
)
def test_every_import_is_declared(folders: tuple[str, ...], allowed: set[str]) -> None:
    distributions = packages_distributions()
    undeclared = {
        name
        for name in imported(folders)
        if not {_normalised(distribution) for distribution in distributions.get(name, [name])} & allowed
    }
    assert undeclared == set()


def locked(path: str) -> dict[str, str]:
    text = (ROOT / path).read_text(encoding="utf-8")
    pins = re.findall(r"^([\w.-]+)(?:\[[^\]]*\])?==(\S+)", text, flags=re.MULTILINE)
    return {_normalised(name): version for name, version in pins}


def test_the_development_lock_holds_the_runtime_lock() -> None:
    assert locked("requirements.lock").items() <= locked("requirements-dev.lock").items()


def test_production_has_everything_it_declares_and_none_of_the_tools() -> None:
    runtime = locked("requirements.lock")
    assert set(runtime) >= RUNTIME
    assert (
        set(runtime) & {"pytest", "playwright", "mypy", "ruff", "hypothesis", "schemathesis", "ipykernel", "sqlfluff"}
        == set()
    )
    assert "requirements.lock" in (ROOT / "Dockerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock", "benchmarks/requirements.lock"])
def test_a_lock_names_no_registry(lock: str) -> None:
    assert re.findall(r"https?://\S+|--(?:extra-)?index-url", Path(ROOT, lock).read_text(encoding="utf-8")) == []


def test_containers_run_the_postgres_version_of_the_embedded_server(database: Database) -> None:
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    (image,) = re.findall(r"POSTGRES_IMAGE:-postgres:(\d+)-", compose)
    with database.reader.connect() as connection:
        version = int(connection.execute(sql_text("show server_version_num")).scalar_one())
    assert int(image) == version // 10_000
