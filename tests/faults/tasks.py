"""The tasks of a month as processes: cold as the scheduler starts them, or warm, one after the other in one process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from select import select

from jobs.local_stack import spark_classes
from jobs.local_stack.spark_config import submit_options, write_log_config

ROOT = Path(__file__).parents[2]

DEADLINE_SECONDS = 600

SPARK = ("ingest", "build_features", "score", "build_bridge")
_SPARK_OPTIONS = (
    *("--master", "local[2]", "--driver-memory", "1g"),
    *("--conf", "spark.ui.enabled=false"),
    *("--conf", "spark.log.level=WARN"),
    *("--conf", "spark.driver.extraJavaOptions=-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"),
)
_SPARK_ENVIRONMENT = {
    "PYSPARK_PYTHON": sys.executable,
    "PYSPARK_DRIVER_PYTHON": sys.executable,
    "SPARK_LOCAL_IP": "127.0.0.1",
    "PYTHONPATH": str(ROOT),
    "PYTHONSAFEPATH": "1",
}


def command(stage: str, arguments: list[str]) -> list[str]:
    """A task's command, as the scheduler starts it."""
    if stage not in SPARK:
        return [sys.executable, "-m", f"jobs.{stage}", *arguments]
    submit = str(Path(sys.executable).with_name("spark-submit"))
    return [submit, *_SPARK_OPTIONS, str(ROOT / "jobs" / f"{stage}.py"), *arguments]


def prepare_spark(folder: Path) -> None:
    """Write Spark's log configuration and its archive of classes, which every task uses."""
    log_config = _log_config(folder)
    write_log_config(log_config)
    make = [sys.executable, "-m", "jobs.local_stack.spark_classes", str(_classes(folder)), str(log_config)]
    subprocess.run(make, check=True, cwd=ROOT, env=os.environ | _SPARK_ENVIRONMENT)


def environment(folder: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """What a task's process has in its environment: the month's settings, and Spark's with its archive of classes."""
    options = submit_options(_log_config(folder), spark_classes.using(_classes(folder)))
    return {**os.environ, **_SPARK_ENVIRONMENT, **settings, "SPARK_SUBMIT_OPTS": options}


def _log_config(folder: Path) -> Path:
    return folder / "log4j2.properties"


def _classes(folder: Path) -> Path:
    return folder / "spark.jsa"


class WarmProcess:
    """A process that runs tasks which nothing strikes: Spark and the imports are there already."""

    def __init__(self, variables: Mapping[str, str], log: Path) -> None:
        spark = {"PYSPARK_SUBMIT_ARGS": subprocess.list2cmdline([*_SPARK_OPTIONS, "pyspark-shell"])}
        self._log = log
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.warm"],
                env={**variables, **spark},
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=out,
                text=True,
            )

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def run(self, stage: str, arguments: list[str]) -> tuple[int, str]:
        """The exit code of a task, and what it printed; or its traceback."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([stage, arguments]), file=self._process.stdin, flush=True)
        answered, _, _ = select([self._process.stdout], [], [], DEADLINE_SECONDS)
        answer = self._process.stdout.readline() if answered else ""
        if not answer:
            self.stop()
            raise AssertionError(f"{stage} gave no answer: {self._log.read_text(encoding='utf-8')[-4000:]}")
        code, output = json.loads(answer)
        return code, output

    def stop(self) -> None:
        self._process.kill()
        self._process.communicate()  # closes the pipes
