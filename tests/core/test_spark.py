"""The session of the jobs, in a process that was started outside the repository."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.conftest import ROOT

PROGRAM = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from jobs.core.spark import session
import pyarrow

def years(batches):
    from jobs.core.month import Month
    for batch in batches:
        months = [Month.parse(text) for text in batch["month"].to_pylist()]
        yield pyarrow.RecordBatch.from_pydict({{"year": [month.first_day.year for month in months]}})

months = session("test").createDataFrame([("2010-12",), ("2011-01",)], "month string")
print(*(row.year for row in months.mapInArrow(years, "year long").sort("year").collect()))
"""


def test_the_workers_of_a_session_import_the_jobs(tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environ["PYSPARK_PYTHON"] = sys.executable
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True)
    assert done.stdout.split() == ["2010", "2011"], done.stderr


def test_a_cluster_is_sent_the_jobs_once() -> None:
    from jobs.core.code_version import JOBS
    from jobs.core.spark import _ship_package

    sent: list[str] = []
    context = SimpleNamespace(listFiles=sent, addPyFile=sent.append)
    cluster: Any = SimpleNamespace(conf={"spark.master": "spark://spark-master:7077"}, sparkContext=context)
    _ship_package(cluster)
    _ship_package(cluster)
    [archive] = sent
    assert set(zipfile.ZipFile(archive).namelist()) == {
        path.relative_to(JOBS.parent).as_posix() for path in JOBS.rglob("*.py")
    }
