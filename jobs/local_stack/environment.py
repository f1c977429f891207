"""The environment of the stack's processes: what the jobs read their settings from, and what their tools must know."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from jobs.local_stack import postgres_server as postgres
from jobs.local_stack.home import Home
from jobs.local_stack.ports import LOOPBACK, Ports
from jobs.local_stack.spark_classes import archive, using
from jobs.local_stack.spark_config import submit_options

_OTHERS = ("AIRFLOW", "MLFLOW_", "PG", "PYTHON", "SPARK_")
"""Prefixes of variables set for the user's own tools, which would also affect the stack's."""


def stack_environment(home: Home, ports: Ports, java: Path, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of every server and, through them, of every task."""
    inherited = {name: value for name, value in environ.items() if not name.startswith(_OTHERS)}
    programs = Path(sys.executable).parent
    return inherited | {
        "AIRFLOW_HOME": str(home.folder / "airflow"),
        "CLV_SOURCE": home.source,
        "CLV_LANDING": str(home.landing),
        "CLV_LAKE": str(home.folder / "lake"),
        "CLV_REPORTS": str(home.folder / "reports"),
        "CLV_DATABASE_URL": postgres.url("clv_writer", "clv", home.sockets(), ports.postgres),
        "MLFLOW_TRACKING_URI": f"http://{LOOPBACK}:{ports.mlflow}",
        "JAVA_HOME": str(java),
        "PATH": os.pathsep.join([str(programs), str(java / "bin"), environ.get("PATH", os.defpath)]),
        "CLV_PYTHON": sys.executable,
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": LOOPBACK,
        "SPARK_SUBMIT_OPTS": submit_options(home.spark_log_config, using(archive(home.java, java))),
        "NO_PROXY": ",".join(filter(None, [LOOPBACK, "localhost", environ.get("NO_PROXY")])),
        "no_proxy": ",".join(filter(None, [LOOPBACK, "localhost", environ.get("no_proxy")])),
        # setproctitle would overwrite the environment that holds the mark of the stack's processes.
        "SPT_NOENV": "1",
        "GX_ANALYTICS_ENABLED": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        # Saves seven processes that serve language-model features.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
