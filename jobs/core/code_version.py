"""Which code made a result: the version of `jobs/`, the code that one module runs, and hashes of files."""

from __future__ import annotations

import ast
import hashlib
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

JOBS = Path(__file__).parents[1]

_DIGITS = 12
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def code_version() -> str:
    """`<commit>+<hash of jobs/>`, or the hash alone outside a git checkout.

    The commit is the last one that touched `jobs/`. The hash covers every module there, so an uncommitted
    edit changes the version too.
    """
    commit = _last_commit()
    content = folder_sha256(JOBS, "*.py")[:_DIGITS]
    return f"{commit}+{content}" if commit else content


@cache
def code_fingerprint(module: str) -> str:
    """A hash of the code that a module of `jobs` runs: of every module in its import closure.

    Comments, docstrings and layout do not count. No module is imported, so Spark code is hashed without Spark.
    """
    digest = hashlib.sha256()
    for name, path in sorted(import_closure(module).items()):
        digest.update(f"{name}\n{_code(path)}\n".encode())
    return digest.hexdigest()[:16]


def import_closure(module: str) -> dict[str, Path]:
    """The modules of `jobs` that a module imports, directly or not, and itself: name → file.

    Imports inside functions count, and so do the packages that hold a module. Modules that are imported by a name made
    at run time do not: the mapping of a shop has a fingerprint of its own.

    Raises:
        ValueError: `jobs` has no such module.
    """
    closure: dict[str, Path] = {}
    found = [module]
    while found:
        name = found.pop()
        path = _file(name)
        if path is None:
            raise ValueError(f"{name} is not a module of {JOBS}")
        if name not in closure:
            closure[name] = path
            package = name.rpartition(".")[0]
            found += [*_imports(path), *([package] if package else [])]
    return closure


def _imports(path: Path) -> Iterator[str]:
    """The modules of `jobs` that a file imports."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == JOBS.name and _file(name))


def _file(module: str) -> Path | None:
    place = JOBS.parent.joinpath(*module.split("."))
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)


def _code(path: Path) -> str:
    """A file's syntax tree as text, without docstrings."""
    tree = ast.parse(path.read_bytes())
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED):
            node.body = [one for one in node.body if not _is_text(one)]
    return _written(tree)


def _written(node: object) -> str:
    """A syntax tree as text that is the same in every version of Python: fields that are empty are left out."""
    if isinstance(node, ast.AST):
        fields = [f"{name}={_written(value)}" for name, value in ast.iter_fields(node) if value not in (None, [])]
        return f"{type(node).__name__}({', '.join(fields)})"
    return f"[{', '.join(map(_written, node))}]" if isinstance(node, list) else repr(node)


def _is_text(statement: ast.stmt) -> bool:
    """Whether a statement is nothing but a text: a docstring, of an attribute too."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def folder_sha256(folder: Path, pattern: str = "*") -> str:
    """`files_sha256` of all files in a folder and its subfolders."""
    paths = (path for path in folder.rglob(pattern) if path.is_file())
    return files_sha256({path.relative_to(folder).as_posix(): path.read_bytes() for path in paths})


def files_sha256(files: Mapping[str, bytes]) -> str:
    """A hash of the names and contents of files, independent of their order."""
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{hashlib.sha256(content).hexdigest()} {name}\n".encode())
    return digest.hexdigest()


def _last_commit() -> str | None:
    """The last commit of `jobs/`; None without git, outside a checkout, or if the folder is not tracked."""
    try:
        git_log = subprocess.run(
            ["git", "-C", str(JOBS.parent), "log", "-1", "--format=%H", "--", JOBS.name],
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return None
    return git_log.stdout.strip()[:_DIGITS] or None
