from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from benchmarks.shop import Origin, shop
from benchmarks.simulated_snapshots import snapshots
from jobs.core.month import Month
from jobs.features.table import features
from jobs.lake.lake import Lake
from jobs.models.training_data import read_history
from jobs.simulation.deliveries import Shop
from jobs.simulation.shop import simulate
from jobs.sources import load

SHOP = Shop(customers=150, months=4, seed=3, end=Month(2025, 6))
AS_OF = date(2025, 5, 1)


@pytest.fixture(scope="module")
def built(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The snapshot of the same shop that the jobs build from its files."""
    folder = tmp_path_factory.mktemp("built")
    simulate(SHOP, folder / "landing")
    lake, source = Lake(str(folder / "lake")), load("simulated_shop")
    shop(spark, source, folder / "landing", lake, origins=[Origin(Month.of(AS_OF), 1)])
    frame = read_history(lake, features(source.departments), 10_000, [AS_OF])[AS_OF]
    return frame.set_index("customer_id").sort_index()


def test_the_columns_are_those_that_the_jobs_build(built: pd.DataFrame) -> None:
    made = dict(snapshots(SHOP, 0))[AS_OF].set_index("customer_id").sort_index()

    assert made.index.tolist() == built.index.tolist()
    for name in [name for name in built.columns if name in made and name not in ("city", "country", "membership")]:
        expected, actual = (
            frame[name].fillna(-1 if frame[name].dtype.kind == "f" else pd.NaT) for frame in (built, made)
        )
        if expected.dtype.kind == "f":
            assert actual.astype(float).tolist() == pytest.approx(expected.tolist(), abs=1e-6), name
        else:
            assert actual.tolist() == expected.tolist(), name
