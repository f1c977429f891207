from __future__ import annotations

import math

import numpy as np
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.features.single.strict_log import strict_log


def test_it_is_sparks_to_the_last_bit(spark: SparkSession) -> None:
    rng = np.random.default_rng(5)
    near_one = [1.0, *(1.0 + sign * 2.0**-power for power in range(2, 53) for sign in (-0.5, 1.0))]
    numbers = [*rng.random(60_000), *np.exp(rng.normal(0, 60, 40_000)), *near_one, *(2.0**n for n in range(-60, 60))]
    rows = spark.createDataFrame([(float(number),) for number in numbers], "x double").select("x", F.ln("x").alias("y"))
    assert [row for row in rows.collect() if strict_log(row.x) != row.y] == []


def test_it_is_a_logarithm() -> None:
    for x in (1e-9, 0.5, 1.0, 3.0, 1e9):
        assert math.isclose(strict_log(x), math.log(x), rel_tol=1e-15, abs_tol=0.0)
