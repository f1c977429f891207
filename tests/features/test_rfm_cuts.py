from __future__ import annotations

import numpy as np
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from jobs.features.rfm_cuts import CUT_SHARES, NONE, RFM_MEASURES, RfmCuts


def test_cuts_are_sparks_exact_quantiles_to_the_last_bit(spark: SparkSession) -> None:
    """Of any number of customers: the position of a cut among them is a product of doubles, and its last bit counts."""
    rng = np.random.default_rng(1)
    shops = {n: np.round(rng.exponential(50.0, n), int(rng.integers(0, 4))) for n in range(1, 220)}
    rows = spark.createDataFrame(
        [(n, float(value)) for n, values in shops.items() for value in values], "n int, x double"
    )
    theirs = {
        row.n: tuple(row.cuts)
        for row in rows.groupBy("n").agg(F.percentile("x", list(CUT_SHARES)).alias("cuts")).collect()
    }
    ours = {
        n: RfmCuts.of({**dict.fromkeys(RFM_MEASURES, values), "orders_365d": values + 1}) for n, values in shops.items()
    }
    assert {n: cuts.recency_days for n, cuts in ours.items()} == theirs


def test_only_customers_with_an_order_in_the_year_count() -> None:
    snapshot = {"recency_days": [400.0, None, 3.0], "orders_365d": [0.0, 0.0, 2.0], "net_value_365d": [-5.0, 0.0, 9.0]}
    assert RfmCuts.of(snapshot) == RfmCuts((3.0,) * 4, (2.0,) * 4, (9.0,) * 4)
    assert RfmCuts.of({name: values[:2] for name, values in snapshot.items()}) == NONE


@pytest.mark.parametrize(("orders", "expected"), [(0, 0), (1, 1), (2, 1), (3, 2), (9, 5)])
def test_a_score_counts_the_cuts_below(orders: int, expected: int) -> None:
    cuts = RfmCuts((10.0, 20.0, 30.0, 40.0), (2.0, 4.0, 6.0, 8.0), (2.0, 4.0, 6.0, 8.0))
    scores = cuts.scores({"recency_days": 25.0, "orders_365d": orders, "net_value_365d": orders})
    assert scores == {"rfm_recency": 3 if orders else 0, "rfm_frequency": expected, "rfm_monetary": expected}
