"""The lake's tables as Spark frames: the column contract, reading and writing whole periods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.lake.lake import Lake
from jobs.lake.storage import spark_path
from jobs.lake.tables import Column, Table
from jobs.lake.versions import Period, Record
from jobs.lake.written import ContractError


def conform(frame: DataFrame, table: Table) -> DataFrame:
    """The table's columns in their order; raises ContractError listing every missing or wrongly typed column.

    Extra columns are dropped. Nothing is cast: `DataFrame.to` would fill missing columns with NULL.
    """
    types = dict(frame.dtypes)
    wrong = [
        f"{column.name}: {types.get(column.name, 'missing')}, declared {column.type}"
        for column in table.columns
        if types.get(column.name) != column.type
    ]
    if wrong:
        raise ContractError(f"{table.name} does not match its declared columns: {'; '.join(wrong)}")
    return frame.select(*table.names)


def read_periods(spark: SparkSession, lake: Lake, table: Table, periods: Sequence[Period]) -> DataFrame:
    """The rows of periods, with the table's columns and its period key (text).

    Raises:
        IncompleteError: a period was never written.
        DamagedError: a file is not as the log says.
    """
    key = table.period_key
    files = [spark_path(lake.root, file.path) for file in lake.files_of(table, periods)]
    if not files:
        return spark.createDataFrame([], f"{table.ddl}, `{key}` string")
    rows = spark.read.schema(table.ddl).parquet(*files)
    path = rows.metadataColumn("_metadata")["file_path"]
    # Like every column of the lake, it may be null.
    return rows.withColumn(key, F.nullif(F.regexp_extract(path, rf"/{key}=([^/]+)/[^/]+$", 1), F.lit("")))


def write_periods(
    frame: DataFrame,
    lake: Lake,
    table: Table,
    periods: Mapping[Period, Mapping[str, str]],
) -> dict[Period, Record]:
    """Replace whole periods of a table, written in one pass and committed in one step.

    Args:
        frame: the table's columns and its period key (text, `str(period)`); rows of other periods are an error.
        lake: the lake.
        table: the table.
        periods: every period to write → the inputs it was made from. A period may have no rows.

    Returns:
        The record of each period.

    Raises:
        ContractError: a column is missing or has another type, or the frame holds rows of a period not listed.
        SupersededError: a newer run of the month is planned.
    """
    key = table.period_key
    with_key = replace(table, columns=(*table.columns, Column(key, "string", "The period of the row")))
    rows = conform(frame, with_key)
    with lake.writing(table) as folder:
        path = spark_path(lake.root, folder)
        rows.write.partitionBy(key).mode("append").parquet(path)
        contents = _contents(frame.sparkSession, path, table)
        records = {}
        for period, inputs in periods.items():
            count, fingerprint, sums = contents.get(str(period), (0, "0", dict.fromkeys(table.money, "0")))
            records[period] = Record(rows=count, fingerprint=fingerprint, inputs=dict(inputs), sums=sums)
        lake.commit(table, folder, records)
    return records


def _contents(spark: SparkSession, path: str, table: Table) -> dict[str, tuple[int, str, dict[str, str]]]:
    """Rows, fingerprint and money sums of each period in a written folder."""
    key = table.period_key
    row_hash = F.xxhash64(*table.names).cast("decimal(38,0)")
    written = spark.read.schema(f"{table.ddl}, `{key}` string").parquet(path)
    totals = written.groupBy(key).agg(
        F.count(F.lit(1)).alias("rows"),
        F.sum(row_hash).alias("hash"),
        *(F.sum(name).alias(f"sum_{name}") for name in table.money),
    )
    return {
        str(row[key]): (row["rows"], str(row["hash"]), {name: str(row[f"sum_{name}"] or 0) for name in table.money})
        for row in totals.collect()
    }
