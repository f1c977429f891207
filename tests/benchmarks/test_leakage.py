"""What happens on the day of the origin or later moves no model's forecast."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from pyspark.sql import SparkSession

from benchmarks import peers
from benchmarks.forecast import Forecast
from benchmarks.ours import OURS, ours
from benchmarks.shop import Origin, Problem, shop
from jobs.core.month import Month
from jobs.lake.lake import Lake
from tests.benchmarks.transactions import LAST, MONTHS, ORIGIN, SOURCE, transactions, written

AT = Origin(Month.of(ORIGIN), MONTHS)


def problem(spark: SparkSession, rows: pd.DataFrame, folder: Path) -> Problem:
    folder.mkdir()
    file = written(rows, folder / "small.csv")
    return shop(spark, SOURCE, file, Lake(str(folder / "lake")), origins=[AT]).problem(AT)


def all_forecasts(known: Problem) -> dict[str, Forecast]:
    own = ours(known)
    others, missing = peers.forecasts(known, peers.PEERS)
    assert set(missing) <= {"bg_nbd_gg", "pareto_nbd_gg", "gbm_and_btyd"}
    return {OURS: own.forecast} | others


def with_another_future(rows: pd.DataFrame) -> pd.DataFrame:
    """Everything from the origin on is ten times as dear and bought by others, and newcomers come."""
    later = rows["Booked"] >= ORIGIN
    future = rows[later].assign(Paid=rows["Paid"] * 10.0, Card=rows["Card"].to_numpy()[::-1][: later.sum()])
    everybody = pd.DataFrame({"Card": rows["Card"].unique(), "Booked": ORIGIN, "Paid": 5000.0})
    newcomers = pd.DataFrame({"Card": [f"new{i}" for i in range(50)], "Booked": LAST.first_day, "Paid": 100.0})
    return pd.concat([rows[~later], future, everybody, newcomers], ignore_index=True)


def test_rows_on_and_after_the_origin_change_no_forecast(spark: SparkSession, tmp_path: Path) -> None:
    rows = transactions()
    before = problem(spark, rows, tmp_path / "before")
    after = problem(spark, with_another_future(rows), tmp_path / "after")
    assert before.days["ordered_on"].max() < pd.Timestamp(ORIGIN)
    assert max(before.history) == ORIGIN
    pd.testing.assert_frame_equal(before.days, after.days)
    pd.testing.assert_frame_equal(before.snapshot, after.snapshot)
    expected, actual = all_forecasts(before), all_forecasts(after)
    assert expected.keys() == actual.keys()
    for name, forecast in expected.items():
        # A forest's trees are added up in the order in which threads end: the last digit may differ.
        np.testing.assert_allclose(forecast.value, actual[name].value, rtol=1e-12, err_msg=name)
        if forecast.p_active is not None:
            np.testing.assert_allclose(forecast.p_active, actual[name].p_active, rtol=1e-12, err_msg=name)
