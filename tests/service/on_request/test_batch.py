"""A month through the batch's own path, with Spark from files to forecasts, and the same customers on request."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs.core.month import Month
from jobs.features.build import build_daily, build_features
from jobs.forecasting.fit import fit
from jobs.lake.arrow import read_rows
from jobs.lake.lake import Lake
from jobs.lake.tables import FORECASTS
from jobs.models.model_version import unpack
from jobs.models.registry import Registry
from jobs.models.scoring import Model, score
from jobs.models.training_data import read_history, read_rfm_cuts
from jobs.service.on_request.body import ForecastRequest
from jobs.service.on_request.compute import forecasts
from jobs.service.on_request.live_model import ModelSource
from tests.golden_month.golden import AS_OF
from tests.golden_month.raw import SOURCE, TABLE, RawShop
from tests.ingesting import ingest_all
from tests.scoring import served
from tests.service.on_request.test_equality import as_row
from tests.snapshots import QUICK

EARLIER = date(2011, 11, 1)


@pytest.mark.long
@pytest.mark.parametrize("trained_as_of", [AS_OF, EARLIER], ids=["trained for the month", "a champion that was kept"])
def test_every_customer_of_a_scored_month_is_forecast_the_same_on_request(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained_as_of: date
) -> None:
    shop, lake = RawShop.simulated(tmp_path / "landing"), Lake(str(tmp_path / "lake"))
    ingest_all(spark, SOURCE, tmp_path / "landing", lake, AS_OF)
    build_daily(spark, lake, as_of=AS_OF)
    build_features(spark, lake, SOURCE.departments, as_of=AS_OF)
    periods = [Month.parse(text[:7]).first_day for text in lake.periods(TABLE)]
    known = [period for period in periods if period <= trained_as_of]
    forecaster = fit(read_history(lake, TABLE, QUICK.max_customers, known), as_of=trained_as_of, params=QUICK)
    (tmp_path / "model").mkdir()
    model: Model = served(replace(forecaster, rfm_cuts=read_rfm_cuts(lake, TABLE, trained_as_of)), tmp_path / "model")
    score(spark, lake, TABLE, model, as_of=AS_OF)
    batch = read_rows(lake, FORECASTS, [AS_OF]).to_pandas().sort_values("customer_id")

    monkeypatch.setattr(Registry, "aliased", lambda *_: 3)
    monkeypatch.setattr(Registry, "sha256", lambda *_: None)
    monkeypatch.setattr(Registry, "fetch", lambda *_: dict(model.files))
    live = ModelSource(Registry("unused", None), lake, SOURCE).read()
    assert unpack(model.files).rfm_cuts == read_rfm_cuts(lake, TABLE, trained_as_of)
    sent = [shop.sent(customer, AS_OF) for customer in batch["customer_id"]]
    answer = forecasts(ForecastRequest(as_of=AS_OF, customers=sent), live, AS_OF)
    rows = [as_row(customer.model_dump(mode="json")) for customer in answer.customers]
    assert rows == [{name: row[name] for name in rows[0]} for row in batch.to_dict("records")]
    assert len(rows) > 30
