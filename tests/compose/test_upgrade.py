"""An upgrade from the last release: what it published stays, and the next month runs on its state."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compose.services import Services, docker, refuse_without_engine

pytestmark = pytest.mark.compose

RELEASE = "4c8629a"
"""The last commit of release 0.1: its lake is not made of Delta tables, its MLflow and Spark have no accounts."""
MONTH, NEXT_MONTH = "2025-05", "2025-06"
RUNS = "SELECT as_of, run_id, content_hash, forecast_rows FROM clv.all_runs WHERE status = 'published' ORDER BY as_of"
FORECASTS = "SELECT customer_id, clv_12m, clv_12m_p10, clv_12m_p90 FROM clv.forecast WHERE data_month = %s ORDER BY 1"


def test_an_upgrade_keeps_what_was_published_and_goes_on(tmp_path: Path) -> None:
    refuse_without_engine()
    landing = tmp_path / "landing"
    landing.mkdir()
    settings = {"CLV_SOURCE": "simulated_shop", "CLV_LANDING": str(landing / "shop"), "COMPOSE_PROFILES": "api"}
    services = Services.of_commit(tmp_path / "checkout", RELEASE, settings)
    try:
        services.compose("build")
        simulate = ["python", "-m", "jobs.simulate", "--customers=500", "--out=/landing/shop"]
        docker("run", "--rm", "--user=root", f"--volume={landing}:/landing", "clv-pipeline", *simulate)
        services.up()
        services.wait_for(services.start_month(MONTH, user="admin"))
        runs, forecasts = services.read(RUNS), services.read(FORECASTS, MONTH)
        assert [rows for *_, rows in runs] == [len(forecasts)]

        services.compose("stop")
        services.pull()
        services.compose("build")
        services.compose("run", "--rm", "--no-deps", "init", "python", "-m", "jobs.convert_lake")
        services.up()
        assert services.read(RUNS) == runs
        assert services.read(FORECASTS, MONTH) == forecasts
        services.wait_until_ready("api")

        services.wait_for(services.start_month(NEXT_MONTH, restate="accept"))
        assert services.read(RUNS)[0] == runs[0]
        assert [as_of.isoformat() for as_of, *_ in services.read(RUNS)] == ["2025-06-01", "2025-07-01"]
    finally:
        services.remove()
