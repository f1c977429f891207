"""A month of a small shop, each of whose tasks can be struck."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
from sqlalchemy import Engine, text

from jobs.core.migrations import migrate
from jobs.core.month import Month
from jobs.core.postgres import engine, execute
from jobs.core.settings import FIRST_MONTH_MODEL
from jobs.lake.arrow import read_rows
from jobs.lake.lake import Lake
from jobs.lake.tables import FORECASTS, Table
from jobs.local_stack import postgres_server
from jobs.models.registry import Registry
from tests.faults.points import Point
from tests.faults.servers import Servers
from tests.faults.tasks import DEADLINE_SECONDS, ROOT, WarmProcess, command, environment, prepare_spark
from tests.periods import put

INJECTION = Path(__file__).parent / "injection"
MONTH = Month(2025, 6)
CUSTOMERS, MONTHS, SEED = 300, 10, 3
"""A shop whose model the gate promotes, so that every stage has something to do."""
SHOP = "simulated_shop"

STAGES = ("plan", "ingest", "build_features", "train", "promote", "train_first_month", "score", "publish",
          "set_champion", "measure_accuracy", "build_bridge", "measure_drift", "report")  # fmt: skip


@dataclass
class MonthRun:
    """The tasks of a month; a new run is planned by `plan`."""

    folder: Path
    servers: Servers
    plan: dict[str, Any] = field(default_factory=dict)
    trained_version: int = 0
    model_version: int = 0
    first_month_version: int | None = None
    warm: WarmProcess | None = None

    @property
    def lake(self) -> Lake:
        return Lake(str(self.folder / "lake"))

    @property
    def registry(self) -> Registry:
        return Registry(self.servers.mlflow, engine(self.servers.url("clv_writer")))

    @property
    def reader(self) -> Engine:
        return engine(self.servers.url("clv_reader"))

    def deliver(self) -> None:
        """Prepare Spark, start the servers, make the schema and the shop's files."""
        prepare_spark(self.folder)
        self.servers.start()
        migrate(engine(self.servers.url(postgres_server.SUPERUSER)))
        size = ["--customers", str(CUSTOMERS), "--months", str(MONTHS), "--end", str(MONTH), "--seed", str(SEED)]
        out = ["--out", str(self.folder / "landing")]
        subprocess.run([sys.executable, "-m", "jobs.simulate", *size, *out], check=True, cwd=ROOT)

    @property
    def _environment(self) -> dict[str, str]:
        settings = {
            "CLV_SOURCE": SHOP,
            "CLV_LANDING": str(self.folder / "landing"),
            "CLV_LAKE": self.lake.root,
            "CLV_REPORTS": str(self.folder / "reports"),
            "CLV_DATABASE_URL": self.servers.url("clv_writer"),
            "MLFLOW_TRACKING_URI": self.servers.mlflow,
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        }
        return environment(self.folder, settings)

    def stop(self) -> None:
        """Stop the servers, and the process of the tasks."""
        if self.warm is not None:
            self.warm.stop()
        self.servers.stop()

    def start(self, stage: str, point: Point | None = None, **arguments: Any) -> subprocess.Popen[str]:
        """A task's process, to be struck at a point."""
        self.servers.start()
        variables = self._environment
        if point is not None:
            variables |= {
                "CLV_FAULT": json.dumps(self._fault(point)),
                "PYTHONPATH": os.pathsep.join((str(INJECTION), str(ROOT))),
            }
        return subprocess.Popen(
            command(stage, self._arguments(stage, **arguments)),
            env=variables,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, stage: str, point: Point | None = None, **arguments: Any) -> tuple[int, str]:
        """Run a task to its end, in a process of its own; its exit code and its output."""
        process = self.start(stage, point, **arguments)
        try:
            out, err = process.communicate(timeout=DEADLINE_SECONDS)
        finally:
            self.end(process)
        if process.returncode == 0:
            self._keep(stage, out)
        return process.returncode, out + err  # spark-submit sends the log of the job to stdout

    def must_run(self, *stages: str) -> None:
        """Run tasks that nothing strikes."""
        self.servers.start()
        if self.warm is None or not self.warm.is_alive:
            self.warm = WarmProcess(self._environment, self.folder / "warm.log")
        for stage in stages:
            code, output = self.warm.run(stage, self._arguments(stage))
            assert code == 0, f"{stage} ended with {code}: {output[-4000:]}"
            self._keep(stage, output)

    def _keep(self, stage: str, output: str) -> None:
        """Keep what a task gives to others: the last line that it prints."""
        if stage not in ("plan", "train", "promote", "train_first_month"):
            return
        result = json.loads(output.splitlines()[-1])
        if stage == "plan":
            self.plan = result
            self._record_current()
        elif stage == "train":
            self.trained_version = result["model_version"]
        elif stage == "promote":
            self.model_version = result["model_version"]
        else:
            self.first_month_version = result["model_version"]

    def _record_current(self) -> None:
        """Record for a new run what promote and score would, without running them where they have nothing to do."""
        if self.lake.is_complete(FORECASTS, MONTH.as_of):
            writer, run_id = engine(self.servers.url("clv_writer")), self.plan["run_id"]
            version = {"model_name": self.registry.model, "model_version": self.model_version}
            execute(writer, "set_run_model", run_id=run_id, **version)
            new = {"model_version": self.first_month_version}
            execute(writer, "set_run_first_month_version", run_id=run_id, **new)
            made = self.lake.record(FORECASTS, MONTH.as_of)
            execute(writer, "set_run_forecast", run_id=run_id, fingerprint=made.fingerprint)

    def struck(self, point: Point) -> bool:
        """Whether the point was reached."""
        return self._struck(point).exists()

    def end(self, process: subprocess.Popen[str]) -> None:
        """Make sure that nothing of a task is left running."""
        for one in psutil.process_iter():
            try:
                if os.getpgid(one.pid) == process.pid:
                    one.kill()
            except (ProcessLookupError, psutil.NoSuchProcess):
                continue
        process.wait()

    def make_stale(self, *tables: Table) -> None:
        """Make a month's rows look to the run as if they were made from something else: a task writes them again."""
        lake = Lake.of_run(self.lake.root, MONTH.as_of, self.plan["run_id"])
        for table in tables:
            period = MONTH if table.period_key == "month" else MONTH.as_of
            record = lake.record(table, period)
            older = replace(record, inputs={**record.inputs, "code": "older"})
            put(lake, table, period, older, read_rows(lake, table, [period]))

    def forget_model(self) -> None:
        """Delete every version, and what was decided on it: the next training makes version 1 again."""
        self.forget_decision()
        self.registry._client.delete_registered_model(self.registry.model)

    def forget_first_month_model(self) -> None:
        """The same for the model of the first month."""
        self.registry._client.delete_registered_model(FIRST_MONTH_MODEL)
        self._forget_decisions_on(FIRST_MONTH_MODEL)

    def forget_decision(self) -> None:
        """Take back what the gate decided on the version. The tags stay: they are only a copy."""
        self.registry._client.delete_registered_model_alias(self.registry.model, "champion")
        self._forget_decisions_on(self.registry.model)

    def _forget_decisions_on(self, model: str) -> None:
        with engine(self.servers.url(postgres_server.SUPERUSER)).begin() as connection:
            connection.execute(text("DELETE FROM clv.model_decision WHERE model_name = :model"), {"model": model})

    def forget_actuals(self) -> None:
        """Delete the record of the months that are loaded: the next run loads each of them again."""
        with engine(self.servers.url(postgres_server.SUPERUSER)).begin() as connection:
            connection.execute(text("DELETE FROM clv.actual_month"))

    def _fault(self, point: Point) -> dict[str, Any]:
        server = {"kill_postgres": "postgres", "kill_mlflow": "mlflow"}.get(point.strike)
        pid = self.servers.processes[server].pid if server else None
        host = str(self.servers.sockets / "postgres")
        url = f"dbname=clv user={postgres_server.SUPERUSER} host={host} port={postgres_server.PORT}"
        return asdict(point) | {"pid": pid, "url": url, "struck": str(self._struck(point))}

    def _struck(self, point: Point) -> Path:
        return self.folder / f"struck-{abs(hash(str(point)))}"

    def _arguments(self, stage: str, **arguments: Any) -> list[str]:
        run = ["--as-of", str(MONTH.as_of), "--run-id", str(arguments.get("run_id", self.plan.get("run_id")))]
        if stage == "plan":
            options = ["--run-type", "manual", "--logical-date", "", "--month", str(MONTH)]
            return [*options, "--dag-run-id", f"manual__{uuid4()}"]
        versions = ["--model-version", str(self.model_version), "--first-month-version", str(self.first_month_version)]
        extra = {
            "ingest": ["--months", json.dumps(self.plan.get("months"))],
            "promote": ["--model-version", str(self.trained_version)],
            "score": versions,
        }.get(stage, [])
        return [*(run if stage != "report" else run[2:]), *extra]
