"""The shop of the load test is trained on, published, and its rows are forecast as they were published."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.service_load import bodies
from benchmarks.service_shop import AS_OF, SOURCE, RawShop, champion, publish
from jobs.lake.lake import Lake
from jobs.models.registry import Registry
from jobs.service.on_request.body import parsed
from jobs.service.on_request.compute import forecasts
from jobs.service.on_request.live_model import ModelSource
from tests.conftest import Database
from tests.forecasts import seen


def test_requests_are_forecast_as_the_month_was_published(
    registry: Registry, database: Database, tmp_path: Path
) -> None:
    shop, lake = RawShop.simulated(60, tmp_path / "landing"), Lake(str(tmp_path / "lake"))
    number = champion(shop, lake, registry)
    customers = publish(lake, registry, number, database.writer)
    published = {row["customer_id"]: row for row in seen(database)}
    assert sorted(customers) == sorted(published)
    live = ModelSource(Registry(registry.tracking_uri, database.api), lake, SOURCE).read()
    sent = bodies(shop)
    assert all(len(json.loads(body)["customers"]) == 20 for body in sent)
    for body in sent:
        for customer in forecasts(parsed(body), live, AS_OF).customers:
            assert customer.forecast is not None
            row = published[customer.customer_id]
            assert (customer.forecast.total, customer.forecast.interval.p90) == (row["clv_12m"], row["clv_12m_p90"])
