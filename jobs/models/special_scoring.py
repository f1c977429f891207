"""Score the customers of a special run and their total, into a lake of its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pandas as pd
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.forecasting.horizon import predict_horizon, total_interval
from jobs.lake.frames import read_periods, write_periods
from jobs.lake.lake import Lake, Record, parquet_files, special_lake
from jobs.lake.tables import SPECIAL_FORECASTS, SPECIAL_TOTALS, Table
from jobs.models.model_version import unpack
from jobs.models.scoring import Model, ScoreError, read_by
from jobs.planning.segment import STATUS, Segment

_VALUES_NAMED = 10


def score_special(
    spark: SparkSession,
    lake: Lake,
    table: Table,
    model: Model,
    *,
    as_of: date,
    run_id: int,
    horizon_months: int,
    segment: Segment | None,
) -> Record:
    """Write the run's forecasts and their total into the run's own lake; the record of the forecasts.

    Raises:
        IncompleteError: the snapshot is not in the lake.
        ScoreError: the snapshot lacks columns that the model reads, or the segment is empty.
    """
    own = special_lake(lake, run_id)
    snapshot = read_periods(spark, lake, table, [as_of])
    by_snapshot = segment if segment is not None and segment.column != STATUS else None
    by_forecast = segment if segment is not None and segment.column == STATUS else None
    customers = _members(snapshot, by_snapshot).select(*read_by(model, table))
    forecasts = _members(_forecast(customers, model, horizon_months, as_of), by_forecast)
    inputs = {"features": lake.record(table, as_of).fingerprint}
    made = write_periods(forecasts, own, SPECIAL_FORECASTS, {as_of: inputs})[as_of]
    if segment is not None and made.rows == 0:
        raise ScoreError(
            f"the segment {segment} holds no customer of the snapshot as of {as_of}{_values_present(snapshot, segment)}"
        )
    total = _total(own, model, made, horizon_months, as_of)
    write_periods(
        spark.createDataFrame([total], f"{SPECIAL_TOTALS.ddl}, `{SPECIAL_TOTALS.period_key}` string"),
        own,
        SPECIAL_TOTALS,
        {as_of: {SPECIAL_FORECASTS.name: made.fingerprint}},
    )
    return made


def _members(customers: DataFrame, segment: Segment | None) -> DataFrame:
    return customers if segment is None else customers.where(F.col(segment.column).isin(list(segment.values)))


def _values_present(snapshot: DataFrame, segment: Segment) -> str:
    """The most frequent values of a segment's column, as the end of an error message; never customer ids."""
    if segment.column in (STATUS, "customer_id"):
        return ""
    column = F.col(segment.column)
    frequencies = snapshot.where(column.isNotNull()).groupBy(column).count().orderBy(F.desc("count"), column)
    values = [row[0] for row in frequencies.limit(_VALUES_NAMED).collect()]
    if not values:
        return f": {segment.column} is empty for every customer"
    return f"; the most frequent values of {segment.column} are {', '.join(values)}"


def _forecast(customers: DataFrame, model: Model, months: int, as_of: date) -> DataFrame:
    """One row per customer: the columns of SPECIAL_FORECASTS, and `as_of`. A row depends only on its own customer."""
    number, packed = model.number, customers.sparkSession.sparkContext.broadcast(model.files)

    def predict(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        forecaster = unpack(packed.value)
        for batch in batches:
            yield predict_horizon(forecaster, batch, months, as_of=as_of).assign(model_version=number)

    return customers.mapInPandas(predict, SPECIAL_FORECASTS.ddl).withColumn("as_of", F.lit(str(as_of)))


def _total(
    own: Lake, model: Model, made: Record, months: int, as_of: date
) -> tuple[int, Decimal, Decimal, Decimal, str]:
    """The total of the segment: the columns of SPECIAL_TOTALS, and `as_of`."""
    read = ["customer_id", "clv", "p_active", "active_months"]
    files = parquet_files(own, SPECIAL_FORECASTS, [as_of])
    forecasts = pd.concat([pd.read_parquet(path, columns=read, partitioning=None) for path in files])
    lower, upper = total_interval(unpack(model.files), forecasts, months)
    return made.rows, Decimal(made.sums["clv"]), lower, upper, str(as_of)
