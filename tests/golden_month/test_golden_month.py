"""One month of a tiny shop, from its files to its forecasts, against what is stored beside the tests."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from jobs.lake.tables import FORECASTS
from tests.golden_month.golden import golden_month, stored

TOLERANCE = {"rtol": 1e-3, "atol": 0.05}
"""Boosters and optimisers may differ in late digits from one processor to another (seen: 14.21 for 14.18); features
may not."""

NUMBERS = [column.name for column in FORECASTS.columns if column.type.startswith("decimal") or column.type == "double"]


@pytest.fixture(scope="module")
def actual(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    scratch: Path = tmp_path_factory.mktemp("golden")
    return golden_month(spark, scratch)


def test_the_features_are_the_golden_ones_to_the_last_digit(actual: dict[str, pd.DataFrame]) -> None:
    pd.testing.assert_frame_equal(actual["features"], stored("features"))


def test_the_forecasts_are_the_golden_ones(actual: dict[str, pd.DataFrame]) -> None:
    numbers = dict.fromkeys(NUMBERS, "float64")
    got, golden = actual["forecasts"].astype(numbers), stored("forecasts").astype(numbers)
    pd.testing.assert_frame_equal(got, golden, **TOLERANCE)
