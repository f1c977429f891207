"""One Spark session, one Postgres and one MLflow for the whole suite; the real data, where it is present."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("CLV_TEST_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def spark() -> Iterator[object]:
    from pyspark.sql import SparkSession

    from jobs.spark import SESSION_CONF

    builder = SparkSession.builder.master("local[2]").appName("tests")
    conf = SESSION_CONF | {
        "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "3g",
        "spark.sql.shuffle.partitions": "2",
    }
    for key, value in conf.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def online_retail_ii() -> Path:
    path = DATA / "online_retail_ii.parquet"
    if not path.is_file():
        pytest.skip(f"Online Retail II is not at {path} (set CLV_TEST_DATA to the folder that holds it)")
    return path
