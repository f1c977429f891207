from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from jobs.lake.staging import private_folder, remove_orphans

HOLD = """
import sys
from pathlib import Path
from jobs.lake.staging import private_folder
with private_folder(Path(sys.argv[1]), "table") as folder:
    (folder / "half.parquet").write_text("half")
    print(folder.name, flush=True)
    sys.stdin.read()
"""


def holder(place: Path) -> subprocess.Popen[str]:
    """Another process that has written half of something, and waits for the end of its input."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip()
    return process


def test_a_folder_is_private_and_gone_afterwards_whatever_happened(tmp_path: Path) -> None:
    with private_folder(tmp_path, "a") as first, private_folder(tmp_path, "a") as second:
        assert first != second
        (first / "file").write_text("x")
    assert not list(tmp_path.iterdir())
    with pytest.raises(KeyError), private_folder(tmp_path, "a"):
        raise KeyError
    assert not list(tmp_path.iterdir())


def test_what_a_killed_process_left_is_removed_by_the_next_one(tmp_path: Path) -> None:
    process = holder(tmp_path)
    process.kill()
    process.communicate()
    assert list(tmp_path.glob("*/half.parquet"))
    with private_folder(tmp_path, "table") as folder:
        assert [path for path in tmp_path.iterdir() if path.is_dir()] == [folder]
    assert not list(tmp_path.iterdir())


def test_what_a_process_is_still_writing_stays(tmp_path: Path) -> None:
    process = holder(tmp_path)
    with private_folder(tmp_path, "table"):
        remove_orphans(tmp_path)
        assert list(tmp_path.glob("*/half.parquet"))
    process.communicate()
    assert not list(tmp_path.iterdir())
