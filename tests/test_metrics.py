"""The metrics that docker-compose.yml collects: what Airflow sends, and what Prometheus reads from the REST service."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
import yaml

from tests.test_compose import SERVICES, text_of

AIRFLOW = {
    name: str(value)
    for name, value in SERVICES["airflow-scheduler"]["environment"].items()
    if name.startswith(("AIRFLOW__METRICS__", "OTEL_"))
}


MEASURE = """
from airflow.observability.metrics import stats_utils
from airflow.observability import stats
stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=True)  # as the scheduler does
stats.incr("scheduler_heartbeat")
stats.timing("dag_processing.total_parse_time", 20.0)
"""


class Collector(BaseHTTPRequestHandler):
    """Takes what is sent over OpenTelemetry's HTTP protocol."""

    def do_POST(self) -> None:
        self.server.received[self.path] = self.rfile.read(int(self.headers["Content-Length"]))  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Write nothing to stderr."""


@pytest.fixture
def collector() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        server.received = {}  # type: ignore[attr-defined]
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_airflow_sends_its_metrics_where_prometheus_takes_them(collector: HTTPServer, tmp_path: Path) -> None:
    endpoint = urlsplit(AIRFLOW["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"])
    assert (endpoint.netloc, endpoint.path) == ("prometheus:9090", "/api/v1/otlp/v1/metrics")
    assert {"--web.enable-otlp-receiver", "--web.cors.origin=none"} <= set(SERVICES["prometheus"]["command"])
    here = endpoint._replace(netloc=f"127.0.0.1:{collector.server_port}").geturl()
    own = {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__METRICS__OTEL_ON": "True",
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": here,
    }
    others = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    subprocess.run([sys.executable, "-c", MEASURE], env={**others, **AIRFLOW, **own}, check=True)
    sent = collector.received["/api/v1/otlp/v1/metrics"]  # type: ignore[attr-defined]
    promoted = yaml.safe_load(text_of("jobs/service/prometheus.yml"))["otlp"]["promote_resource_attributes"]
    for name in ("airflow.scheduler_heartbeat", "airflow.dag_processing.total_parse_time", *promoted):
        assert name.encode() in sent


def test_airflow_sends_none_by_default() -> None:
    assert AIRFLOW["AIRFLOW__METRICS__OTEL_ON"] == "${CLV_METRICS:-False}"


def test_prometheus_reads_the_port_of_the_service() -> None:
    [job] = yaml.safe_load(text_of("jobs/service/prometheus.yml"))["scrape_configs"]
    assert job["static_configs"] == [{"targets": [f"api:{SERVICES['api']['environment']['CLV_API_PORT']}"]}]
