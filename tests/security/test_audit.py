"""`make audit`: what it would look up, and its message without a network."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

LOCKS = ["requirements.lock", "benchmarks/requirements.lock"]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_of_a_lock_can_be_looked_up(lock: str) -> None:
    options = ["--disable-pip", "--require-hashes", "--progress-spinner", "off", "--dry-run", "-r", lock]
    done = subprocess.run([sys.executable, "-m", "pip_audit", *options], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert re.search(r"would have audited \d+ packages", done.stderr)


def test_where_nobody_can_be_asked_it_says_so_and_fails(tmp_path: Path) -> None:
    unreachable = dict.fromkeys(("https_proxy", "HTTPS_PROXY"), "http://127.0.0.1:9") | {"no_proxy": "", "NO_PROXY": ""}
    done = subprocess.run(
        ["make", "--no-print-directory", "-o", "venv", "audit", f"PYTHON={sys.executable}"],
        cwd=ROOT,
        env=os.environ | unreachable,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert done.stdout == ("Cannot reach pypi.org, which lists the vulnerabilities: NOTHING WAS CHECKED\n")
