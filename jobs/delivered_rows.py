"""Spark's view of delivered files: every row of every file, whatever its format, with all columns as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from pathlib import Path

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from jobs.delivered_file import LONGEST_FIELD, check_columns, is_csv, readable, schema, verify
from jobs.sources.mapping import Source, TableColumns, TransactionColumns, delivered_columns

_MALFORMED = "__malformed_line"
_LARGEST_EXACT_INTEGER = 2.0**53


def delivered_rows(
    spark: SparkSession, files: Sequence[Path], source: Source, columns: TableColumns, *, cache: Path
) -> DataFrame:
    """All rows of the files: `source_file`, `delivery_month`, `malformed_line` and the struct `delivered`.

    See `jobs.transforms.delivery` for their meaning. Files are read together as far as they have the same columns.

    Raises:
        LandingError: a file is damaged, or lacks a column that the mapping names.
    """
    schemas: dict[Path, pa.Schema] = {}
    for path in files:
        verify(path)
        found = schema(readable(path, cache), source)
        check_columns(path, found, columns, source)
        schemas[path] = found
    optional = columns.optional if isinstance(columns, TransactionColumns) else ()
    names = list(dict.fromkeys([name for found in schemas.values() for name in found.names] + list(optional)))
    if not files:
        return _no_rows(spark, delivered_columns(columns) + list(optional))
    frames = [_read(spark, alike, source, names, cache) for alike in _alike(schemas)]
    return reduce(DataFrame.unionAll, frames)


def _no_rows(spark: SparkSession, names: Sequence[str]) -> DataFrame:
    text = T.StringType()
    delivered = T.StructType([T.StructField(name, text) for name in names])
    fields = [T.StructField(name, text) for name in ("source_file", "delivery_month", "malformed_line")]
    return spark.createDataFrame([], T.StructType([*fields, T.StructField("delivered", delivered)]))


def _alike(schemas: Mapping[Path, pa.Schema]) -> list[dict[Path, pa.Schema]]:
    """Files that one reader can read: of one format and with equal columns; a workbook stands alone."""
    groups: dict[object, dict[Path, pa.Schema]] = {}
    for path, found in schemas.items():
        key = path if path.name.endswith(".xlsx") else (is_csv(path), found.to_string(show_schema_metadata=False))
        groups.setdefault(key, {})[path] = found
    return list(groups.values())


def _read(
    spark: SparkSession, alike: Mapping[Path, pa.Schema], source: Source, names: Sequence[str], cache: Path
) -> DataFrame:
    found = next(iter(alike.values()))
    paths = [str(readable(path, cache)) for path in alike]
    frame = _csv(spark, paths, found, source) if is_csv(next(iter(alike))) else _parquet(spark, paths)
    values = [
        (_as_text(name, found, source) if name in found.names else F.lit(None).cast("string")).alias(name)
        for name in names
    ]
    malformed = F.col(_MALFORMED) if _MALFORMED in frame.columns else F.lit(None).cast("string")
    delivered = F.struct(*values)
    return frame.select(
        _file_name(next(iter(alike))).alias("source_file"),
        F.nullif(F.regexp_extract("_metadata.file_path", r"month=(\d{4}-\d{2})/[^/]+$", 1), F.lit("")).alias(
            "delivery_month"
        ),
        malformed.alias("malformed_line"),
        F.when(malformed.isNull(), delivered).alias("delivered"),
    )


def _csv(spark: SparkSession, paths: Sequence[str], found: pa.Schema, source: Source) -> DataFrame:
    fields = [T.StructField(name, T.StringType()) for name in (*found.names, _MALFORMED)]
    reader = spark.read.schema(T.StructType(fields)).options(
        header=True,
        delimiter=source.delimiter,
        encoding=source.encoding,
        multiLine=True,
        escape='"',
        mode="PERMISSIVE",
        columnNameOfCorruptRecord=_MALFORMED,
        maxCharsPerColumn=LONGEST_FIELD,
    )
    return reader.csv(list(paths))


def _parquet(spark: SparkSession, paths: Sequence[str]) -> DataFrame:
    return spark.read.parquet(*paths)


def _file_name(path: Path) -> Column:
    """The name of a row's file, as delivered."""
    if path.name.endswith(".xlsx"):
        return F.lit(path.name)
    return F.url_decode(F.replace(F.col("_metadata.file_name"), F.lit("+"), F.lit("%2B")))


def _as_text(name: str, found: pa.Schema, source: Source) -> Column:
    """A column as text; whole floats without decimals, instants by the shop's clock."""
    column = F.col("`{}`".format(name.replace("`", "``")))
    type_ = found.field(name).type
    if pa.types.is_floating(type_):
        is_whole = (column == F.floor(column)) & (F.abs(column) < _LARGEST_EXACT_INTEGER)
        return F.when(is_whole, column.try_cast("bigint").cast("string")).otherwise(column.cast("string"))
    if pa.types.is_timestamp(type_) and type_.tz is not None:
        return F.from_utc_timestamp(column, source.timezone).cast("string")
    return column.cast("string")
