"""The service under load: lookups and forecasts on request at fixed rates, and its memory: `make bench-service`.

A simulated shop is trained on and published; the service runs as a process of its own, as `make serve` runs it, with
the keys' rates lifted. Writes `benchmarks/results/service_load.json`, and the page.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import platform
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from benchmarks.open_loop import Kind, run
from benchmarks.service_publication import published_under_load
from benchmarks.service_shop import AS_OF, LATER, NAME, RawShop, another_version, champion, publish
from docs.generate import benchmarks as page
from jobs.core.migrations import migrate
from jobs.core.postgres import engine
from jobs.lake.lake import Lake
from jobs.local_stack import postgres_server as postgres
from jobs.models.registry import Registry
from jobs.service.keys import create_key

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
CUSTOMERS, IN_A_REQUEST = 3_000, 20
LOOKUPS, FORECASTS = (300.0, 600.0), (10.0, 20.0)
MIXED = (100.0, 4.0)
"""Lookups and forecasts a second while memory is watched."""
_WAIT_SECONDS = 120
_WATCH_SECONDS = 10.0


@dataclass(frozen=True)
class Stage:
    """A running service, and what to ask it."""

    port: int
    key: str
    process: psutil.Process
    customers: Sequence[str]
    bodies: Sequence[bytes]
    publish: Callable[[], None]

    def lookup(self, number: int) -> bytes:
        """A request that looks up a customer."""
        return self._request(f"GET /v1/customers/{self.customers[number % len(self.customers)]}/forecast")

    def forecast(self, number: int) -> bytes:
        """A request to forecast some customers."""
        return self._request("POST /v1/forecasts", self.bodies[number % len(self.bodies)])

    def _request(self, target: str, body: bytes = b"") -> bytes:
        head = f"{target} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {self.key}\r\n"
        return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@contextmanager
def stage(root: Path) -> Iterator[Stage]:
    """Train, publish and serve; everything ends with the context."""
    with postgres.temporary(root / "data") as sockets, _mlflow(root) as tracking_uri:
        url = {role: postgres.url(role, "postgres", sockets.parent) for role in ("postgres", "clv_writer", "clv_api")}
        owner, writer = engine(url["postgres"]), engine(url["clv_writer"])
        migrate(owner)
        registry, lake = Registry(tracking_uri, writer), Lake(str(root / "lake"))
        shop = RawShop.simulated(CUSTOMERS, root / "landing")
        number = champion(shop, lake, registry)
        customers = publish(lake, registry, number, writer)
        log.info("%d customers are published by version %d", len(customers), number)
        other = another_version(shop, lake, registry)
        key = create_key(owner, name="benchmark", scopes=("read", "forecast"), created_by="benchmark")
        environment = os.environ | {
            "CLV_API_DATABASE_URL": url["clv_api"],
            "CLV_API_PORT": str(_free_port()),
            "CLV_API_REQUESTS_PER_SECOND": "100000",
            "CLV_API_BURST": "100000",
            "CLV_API_MODEL_SECONDS": "1",
            "CLV_SOURCE": NAME,
            "CLV_LAKE": lake.root,
            "MLFLOW_TRACKING_URI": tracking_uri,
        }
        address = f"http://{HOST}:{environment['CLV_API_PORT']}"
        with _program(["jobs.serve"], environment, root / "service.log") as process:

            def publish_later() -> None:
                publish(lake, registry, other, writer, as_of=LATER)
                registry.alias("champion", other)
                _wait_for_version(address, other)

            _wait_for_version(address, number)
            port, served = int(environment["CLV_API_PORT"]), psutil.Process(process.pid)
            yield Stage(port, key, served, customers, bodies(shop), publish_later)


def bodies(shop: RawShop) -> list[bytes]:
    """Requests of raw rows, each of other customers."""
    sent = [{"customer_id": customer, "transactions": rows} for customer, rows in sorted(shop.rows.items())]
    groups = [sent[first : first + IN_A_REQUEST] for first in range(0, len(sent) - IN_A_REQUEST + 1, IN_A_REQUEST)]
    return [json.dumps({"as_of": str(AS_OF), "customers": group}).encode() for group in groups]


def measured(stage: Stage, *, seconds: float, minutes: float) -> dict[str, Any]:
    """Every figure."""
    kinds = [Kind("lookup", rate, stage.lookup) for rate in LOOKUPS]
    kinds += [Kind(f"forecast of {IN_A_REQUEST}", rate, stage.forecast) for rate in FORECASTS]
    _load(stage, [kinds[0], kinds[2]], 5.0)  # until code and caches are warm
    loads = []
    for kind in kinds:
        loads += _load(stage, [kind], seconds)
        time.sleep(2.0)
    both = [replace(kinds[0], name="lookup, both"), replace(kinds[2], name=f"{kinds[2].name}, both")]
    loads += _load(stage, both, seconds)
    publishing = [replace(kind, name=kind.name.replace("both", "publishing")) for kind in both]
    mixed = [Kind("lookup, mixed", MIXED[0], stage.lookup), Kind("forecast, mixed", MIXED[1], stage.forecast)]
    memory = asyncio.run(_watched(stage, mixed, minutes * 60.0))
    log.info("a month is published while both loads run")
    publication = asyncio.run(published_under_load(HOST, stage.port, publishing, seconds, stage.publish))
    log.info("%s", publication)
    rows = sum(body.count(b'"ordered_at"') for body in stage.bodies) / len(stage.bodies)
    return {
        "machine": f"{os.cpu_count()} CPUs, {platform.machine()}, Python {platform.python_version()}",
        "load_average": round(os.getloadavg()[0], 1),
        "customers": len(stage.customers),
        "rows_in_a_forecast": round(rows),
        "seconds": seconds,
        "loads": [*loads, *publication.pop("loads"), *memory.pop("loads")],
        "publication": publication,
        "memory": memory,
    }


def _load(stage: Stage, kinds: Sequence[Kind], seconds: float) -> list[dict[str, Any]]:
    before, began = _cpu_seconds(stage.process), time.perf_counter()
    loads = [load.figures() for load in asyncio.run(run(HOST, stage.port, kinds, seconds))]
    busy = (_cpu_seconds(stage.process) - before) / (time.perf_counter() - began)
    for figures in loads:
        log.info("%s, service uses %.2f CPUs", figures, busy)
    return [figures | {"service_cpus": round(busy, 2)} for figures in loads]


def _processes(service: psutil.Process) -> list[psutil.Process]:
    """The service, and the process that forecasts for it."""
    return [service, *service.children()]


def _cpu_seconds(service: psutil.Process) -> float:
    return float(sum(times.user + times.system for times in (one.cpu_times() for one in _processes(service))))


async def _watched(stage: Stage, kinds: Sequence[Kind], seconds: float) -> dict[str, Any]:
    """Resident memory of the service while it is under load, in MB."""
    loading = asyncio.create_task(run(HOST, stage.port, kinds, seconds))
    sizes = []
    while not loading.done():
        await asyncio.wait({loading}, timeout=_WATCH_SECONDS)
        sizes.append(round(sum(one.memory_info().rss for one in _processes(stage.process)) / 2**20, 1))
    log.info("memory, MB: %s", sizes)
    return {"minutes": round(seconds / 60.0, 1), "rss_mb": sizes, "loads": [load.figures() for load in await loading]}


@contextmanager
def _mlflow(root: Path) -> Iterator[str]:
    address = f"http://{HOST}:{(port := _free_port())}"
    stores = ["--backend-store-uri", f"sqlite:///{root}/mlflow.db", "--artifacts-destination", str(root / "artifacts")]
    command = ["mlflow", "server", "--host", HOST, "--port", str(port), "--workers", "1", *stores]
    environment = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with _program(command, environment, root / "mlflow.log"):
        _wait(f"{address}/health", bool)
        yield address


@contextmanager
def _program(module: Sequence[str], environment: dict[str, str], log_file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Python module, with its children, until the context exits."""
    with log_file.open("wb") as written:
        command = [sys.executable, "-m", *module]
        process = subprocess.Popen(
            command, env=environment, stdout=written, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=60)


def _wait_for_version(address: str, number: int) -> None:
    _wait(f"{address}/readyz", lambda text: json.loads(text)["forecasts_on_request"]["model_version"] == number)


def _wait(address: str, is_ready: Callable[[str], bool]) -> None:
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                if is_ready(answer.read().decode()):
                    return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            pass
        time.sleep(0.2)
    raise RuntimeError(f"{address} was not ready within {_WAIT_SECONDS} s: its log is beside the shop")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind((HOST, 0))
        return int(free.getsockname()[1])


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and write the results and the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30.0, help="how long each load lasts")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long memory is watched")
    arguments = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with TemporaryDirectory(prefix="clv-service-") as folder, stage(Path(folder)) as running:
        results = measured(running, seconds=arguments.seconds, minutes=arguments.minutes)
    page.SERVICE.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    page.main(["--write"])


if __name__ == "__main__":
    main()
