"""The golden month: a tiny simulated shop through every step.

`python -m tests.golden_month.golden` writes what it should give.

Look at the difference before you commit it: it is what a change does to customers' forecasts.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from pyspark.sql import SparkSession

from jobs.core.month import Month
from jobs.core.spark import SESSION_CONF
from jobs.features.build import build_daily, build_features
from jobs.features.table import features
from jobs.forecasting.fit import fit
from jobs.lake.frames import read_periods
from jobs.lake.lake import Lake
from jobs.models.training_data import read_history
from jobs.simulation.deliveries import Shop
from jobs.simulation.shop import simulate
from jobs.sources import load
from tests.ingesting import ingest_all
from tests.snapshots import QUICK

FOLDER = Path(__file__).parent
MONTH = Month(2011, 11)
AS_OF = MONTH.as_of

SHOP = Shop(customers=40, months=14, seed=3, end=MONTH)


def golden_month(spark: SparkSession, scratch: Path) -> dict[str, pd.DataFrame]:
    """Features and forecasts of the month, every value as text, by customer."""
    landing, lake, source = scratch / "landing", Lake(str(scratch / "lake")), load("simulated_shop")
    table = features(source.departments)
    simulate(SHOP, landing)
    ingest_all(spark, source, landing, lake, AS_OF)
    build_daily(spark, lake, as_of=AS_OF)
    build_features(spark, lake, source.departments, as_of=AS_OF)
    periods = [Month.parse(period[:7]).first_day for period in lake.periods(table)]
    snapshots = read_history(lake, table, QUICK.max_customers, periods)
    forecaster = fit(snapshots, as_of=AS_OF, params=QUICK)
    snapshot = read_periods(spark, lake, table, [AS_OF]).drop(table.period_key).toPandas()
    actual = {"features": snapshot, "forecasts": forecaster.predict(snapshots[AS_OF], as_of=AS_OF)}
    return {name: _as_text(frame) for name, frame in actual.items()}


def stored(name: str) -> pd.DataFrame:
    """What it should give."""
    return pd.read_csv(FOLDER / f"{name}.csv", dtype=str, keep_default_na=False)


def _as_text(frame: pd.DataFrame) -> pd.DataFrame:
    texts = frame.astype(object).where(frame.notna(), "").astype(str)
    return texts.sort_values("customer_id", ignore_index=True)


def main() -> None:
    """Write what the month gives now."""
    quick = SESSION_CONF | {"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "2"}
    spark = SparkSession.builder.master("local[2]").config(map=quick).getOrCreate()
    with TemporaryDirectory() as scratch:
        for name, frame in golden_month(spark, Path(scratch)).items():
            frame.to_csv(FOLDER / f"{name}.csv", index=False)


if __name__ == "__main__":
    main()
