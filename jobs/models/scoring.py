"""Score a snapshot with a registered version, in parallel on Spark workers."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.core.code_version import code_fingerprint, files_sha256
from jobs.core.month import HORIZONS
from jobs.core.refusal import RefusedError
from jobs.core.settings import MODEL
from jobs.lake.frames import read_periods, write_periods
from jobs.lake.lake import Lake
from jobs.lake.tables import FORECASTS, Table
from jobs.lake.versions import Record
from jobs.models.model_version import unpack
from jobs.models.registry import Registry

log = logging.getLogger(__name__)


class ScoreError(RefusedError):
    """The snapshot lacks columns that the model reads, or customers and forecasts do not match one to one."""


@dataclass(frozen=True)
class Model:
    """A registered version in a form that is sent to Spark workers.

    Attributes:
        number: the version.
        files: its files, name → content.
        columns: the snapshot columns that it reads.
        name: the registered model.
    """

    number: int
    files: Mapping[str, bytes]
    columns: Sequence[str]
    name: str = MODEL

    @classmethod
    def of(cls, number: int, files: Mapping[str, bytes], name: str = MODEL) -> Model:
        """The model in a version's files; raises UnreadableError if this code cannot read their format."""
        return cls(number, files, unpack(files).encoder.columns, name)

    @classmethod
    def fetched(cls, registry: Registry, number: int) -> Model:
        """The model of a version in the registry. Raises the errors of `Registry.fetch` and of `of`."""
        return cls.of(number, registry.fetch(number), registry.model)


def score(
    spark: SparkSession, lake: Lake, table: Table, model: Model, *, as_of: date, is_forced: bool = False
) -> Record:
    """Write `forecasts/as_of=…` with one row per row of the snapshot; its record.

    Does nothing if the forecasts in the lake were made from the same snapshot by the same version and code, unless
    forced.

    Raises:
        IncompleteError: the snapshot is not in the lake.
        ScoreError: the snapshot lacks columns that the model reads, or a customer has no forecast.
    """
    snapshot = lake.record(table, as_of)
    inputs = inputs_of(snapshot, model)
    if not is_forced and lake.is_current(FORECASTS, as_of, inputs):
        log.info("The forecasts as of %s are current: nothing to score", as_of)
        written = lake.record(FORECASTS, as_of)
    else:
        customers = read_periods(spark, lake, table, [as_of]).select(*read_by(model, table))
        forecasts = forecast(customers, model, as_of=as_of)
        written = write_periods(forecasts, lake, FORECASTS, {as_of: inputs})[as_of]
    if written.rows != snapshot.rows:
        raise ScoreError(
            f"{written.rows} forecasts were written as of {as_of}, but the snapshot holds {snapshot.rows} customers"
        )
    return written


def inputs_of(snapshot: Record, model: Model) -> dict[str, str]:
    """What forecasts of a snapshot by a version are made from, as the lake records it."""
    return {
        "features": snapshot.fingerprint,
        "model": f"{model.name}/{model.number} {files_sha256(model.files)}",
        "code": code_fingerprint(__name__),
    }


def read_by(model: Model, table: Table) -> list[Column]:
    """The columns of a features table that a model reads, decimals as doubles; raises ScoreError if any is missing."""
    types = {column.name: column.type for column in table.columns}
    missing = sorted(set(model.columns) - set(types))
    if missing:
        raise ScoreError(
            f"model version {model.number} reads the columns {', '.join(missing)}, which the table {table.name} "
            "does not have: train the month again"
        )
    return [F.col(name).cast("double") if types[name].startswith("decimal") else F.col(name) for name in model.columns]


def forecast(customers: DataFrame, model: Model, *, as_of: date) -> DataFrame:
    """One row per customer: the columns of FORECASTS, and `as_of`. A row depends only on its own customer."""
    number, packed = model.number, customers.sparkSession.sparkContext.broadcast(model.files)

    def predict(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        forecaster = unpack(packed.value)
        for batch in batches:
            predicted = forecaster.predict(batch, as_of=as_of)
            if not predicted["customer_id"].equals(batch["customer_id"]):
                raise ScoreError("the forecasts of a batch are not in the order of its customers")
            yield predicted.assign(model_version=number)

    return customers.mapInPandas(predict, FORECASTS.ddl).withColumn("as_of", F.lit(str(as_of)))


def total_levels(model: Model) -> list[dict[str, float]]:
    """How well a model knows the level of totals, one entry a horizon: the values of `set_run_level.sql`."""
    forecaster = unpack(model.files)
    return [
        {
            "horizon_months": months,
            "variance": forecaster.intervals.level_variance(months),
            "quantile": forecaster.intervals.level_quantile(forecaster.params.coverage),
        }
        for months in HORIZONS
    ]
