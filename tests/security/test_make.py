"""The values that operators give to make reach the programs as they were typed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("is_in_environment", [False, True])
@pytest.mark.parametrize(
    ("target", "name"), [("withdraw", "BECAUSE"), ("champion", "BECAUSE"), ("rollback", "BY"), ("psql", "SQL")]
)
def test_make_neither_expands_nor_runs_a_value(tmp_path: Path, target: str, name: str, is_in_environment: bool) -> None:
    written = tmp_path / "written"
    value = f"costs $100 too much; 50 % off # $(shell touch {written}) $$(echo hi) ${{HOME}} 'quoted'"
    arguments, environment = ([], {name: value}) if is_in_environment else ([f"{name}={value}"], {})

    done = subprocess.run(
        ["make", "--no-print-directory", "-o", "venv", target, "PYTHON=/bin/echo", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert value in done.stdout
    assert not written.exists()
