"""A month on the embedded stack, struck at one task after the other: it comes to what it comes to undisturbed."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import psutil
import pytest
from sqlalchemy import text

from jobs.core.month import Month
from jobs.core.postgres import engine
from jobs.local_stack import postgres_server
from jobs.local_stack.airflow_api import AirflowAnswerError
from jobs.local_stack.stack import Stack
from jobs.local_stack.start import DAG
from tests.stacks import command_line, marked, small_shop

pytestmark = pytest.mark.faults

LAST = Month(2025, 6)
DEADLINE_SECONDS = 3600

WORKER = "airflow worker -- LocalExecutor: "
TASK = "airflow worker -- "
SERVERS = {"scheduler": "airflow scheduler", "mlflow": "mlflow server"}

STRIKES = {
    "ingest": "supervisor",
    "build_features": "scheduler",
    "retrain.train": "mlflow",
    "score": "driver",
    "publish.publish": "task",
    "publish.build_bridge": "postgres",
}
"""What is killed while a task runs, one after the other."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with small_shop(tmp_path_factory.mktemp("state"), LAST) as stack:
        stack.api().patch(f"/dags/{DAG}", {"is_paused": False})
        yield stack


@dataclass
class Killer:
    """Kills what a task of the stack hangs on, once a task, while it runs."""

    stack: Stack
    struck: dict[str, str] = field(default_factory=dict)

    def look(self, running: list[str]) -> None:
        """Strike the tasks that run and were not struck yet."""
        for task in running:
            target = STRIKES.get(task)
            if target is not None and task not in self.struck and self._strike(target):
                self.struck[task] = target

    def _strike(self, target: str) -> bool:
        actual = self._find(target)
        for process in actual:
            process.kill()
        return bool(actual)

    def _find(self, target: str) -> list[psutil.Process]:
        """What is to be killed; nothing, while the job has not started."""
        everybody = marked(self.stack)
        jobs = [process for process in everybody if self._is_job(process)]
        if not jobs:
            return []
        if target == "driver":
            return jobs
        above = [parent for job in jobs for parent in job.parents()]
        workers = [parent for parent in above if command_line(parent).startswith(WORKER)]
        if target == "supervisor":
            return workers
        if target == "task":
            return [parent for parent in above if command_line(parent).startswith(TASK) and parent not in workers]
        if target == "postgres":
            server = postgres_server.server_process(self.stack.home.folder / "postgres")
        else:
            server = next(process for process in everybody if f" -m {SERVERS[target]}" in command_line(process))
        assert server is not None
        return [server, *server.children(recursive=True)] if target != "scheduler" else [server]

    def _is_job(self, process: psutil.Process) -> bool:
        line = command_line(process)
        return " -m jobs." in line or "/jobs/" in line


def run_month(stack: Stack, killer: Killer | None = None) -> str:
    """Trigger the month and follow it to its end, which is good."""
    api = stack.api()
    answer: Any = api.post(f"/dags/{DAG}/dagRuns", {"logical_date": None, "conf": {"month": str(LAST)}})
    path = f"/dags/{DAG}/dagRuns/{answer['dag_run_id']}"
    deadline = time.monotonic() + DEADLINE_SECONDS
    state = "queued"
    while state in ("queued", "running"):
        assert time.monotonic() < deadline
        try:
            state = api.get(path)["state"]
            tasks = api.get(f"{path}/taskInstances")["task_instances"]
        except (AirflowAnswerError, OSError):  # its database has just been killed
            continue
        if killer is not None:
            killer.look([task["task_id"] for task in tasks if task["state"] == "running"])
        time.sleep(0.2)
    assert state == "success", [(task["task_id"], task["state"]) for task in tasks]
    return str(answer["dag_run_id"])


def published(stack: Stack) -> list[tuple[str, str]]:
    """Status and content of every run of the month, oldest first."""
    query = "SELECT status, content_hash FROM clv.runs WHERE as_of = :as_of ORDER BY run_id"
    with engine(stack.database_url).connect() as connection:
        return [(status, digest) for status, digest in connection.execute(text(query), {"as_of": LAST.as_of})]


def test_a_run_whose_processes_and_servers_are_killed_comes_to_the_same_forecasts(stack: Stack) -> None:
    run_month(stack)
    [(status, undisturbed)] = published(stack)
    assert status == "published"
    shutil.rmtree(stack.home.folder / "lake")
    killer = Killer(stack)

    run_id = run_month(stack, killer)

    assert killer.struck == STRIKES
    assert published(stack) == [("replaced", undisturbed), ("published", undisturbed)]
    tasks = stack.api().get(f"/dags/{DAG}/dagRuns/{run_id}/taskInstances")["task_instances"]
    tries = {task["task_id"]: task["try_number"] for task in tasks}
    killed = {task for task, target in STRIKES.items() if target in ("supervisor", "task", "driver")}
    assert {task for task, number in tries.items() if number > 1} >= killed
