"""A shop with two published months, scored by real models on Spark."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import pytest
from pyspark.sql import SparkSession
from sqlalchemy import RowMapping

from jobs.bridge.build import build_bridges
from jobs.features.table import lag_name
from jobs.forecasting.fit import fit
from jobs.forecasting.forecaster import Forecaster
from jobs.lake.lake import Lake
from jobs.models.model_version import Training
from jobs.models.registry import Registry
from jobs.models.scoring import Model, score
from tests.conftest import Database
from tests.forecasts import plan, publish, seen, write_new_customers
from tests.models.test_registry import ORIGIN
from tests.snapshots import QUICK, TABLE, model_frames, simulated_snapshots, write_snapshots

SNAPSHOTS = simulated_snapshots(months=20)
FRAMES = model_frames(SNAPSHOTS)
BEFORE, AS_OF = sorted(SNAPSHOTS)[-2:]


@pytest.fixture(scope="module")
def forecasters() -> tuple[Forecaster, Forecaster]:
    """Last month's model and this month's."""
    return fit(FRAMES, as_of=BEFORE, params=QUICK), fit(FRAMES, as_of=AS_OF, params=replace(QUICK, rounds=8))


@dataclass
class Shop:
    """A shop with two months."""

    spark: SparkSession
    lake: Lake
    registry: Registry
    database: Database
    old: int = 0
    new: int = 0

    def publish(self, as_of: date, number: int) -> int:
        """Score a month with a version, and publish it; the run."""
        model = Model.of(number, self.registry.fetch(number))
        run_id = plan(self.database.writer, as_of)
        score(self.spark, self.lake, TABLE, model, as_of=as_of)
        write_new_customers(self.lake, as_of, [])
        publish(self.database.writer, self.lake, as_of=as_of, run_id=run_id)
        return run_id

    def bridge(self, as_of: date = AS_OF) -> int:
        return build_bridges(self.database.writer, self.registry, self.lake, TABLE, as_of=as_of)

    def seen(self) -> dict[str, RowMapping]:
        return {row["step"]: row for row in seen(self.database, "bridge")}

    def amounts(self) -> dict[str, Decimal]:
        return {step: row["net_value"] for step, row in self.seen().items()}

    def restate(self) -> None:
        """The shop corrects last month: one customer turns out to have ordered more."""
        corrected = SNAPSHOTS[BEFORE].copy()
        ordered = corrected.index[corrected["recency_days"] < 60][0]
        corrected.loc[ordered, ["net_value_30d", lag_name("net_value", 1)]] += 9000.0
        corrected.loc[ordered, "net_value_lifetime"] += 9000
        write_snapshots(self.lake, {BEFORE: corrected})


@pytest.fixture
def shop(
    spark: SparkSession,
    lake: Lake,
    registry: Registry,
    database: Database,
    forecasters: tuple[Forecaster, Forecaster],
) -> Shop:
    """Both months published, each by a version of its own."""
    shop = Shop(spark, lake, registry, database)
    write_snapshots(lake, {as_of: SNAPSHOTS[as_of] for as_of in (BEFORE, AS_OF)})
    shop.old, shop.new = (
        registry.register(
            Training(
                forecaster=forecaster, backtest=None, params={}, metrics={}, figures={}, example=FRAMES[BEFORE].head(2)
            ),
            ORIGIN,
        )
        for forecaster in forecasters
    )
    shop.publish(BEFORE, shop.old)
    shop.publish(AS_OF, shop.new)
    return shop
