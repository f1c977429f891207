"""Read delivered files with Spark: every row of every file, in any supported format, with all columns as text."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import reduce
from pathlib import Path

import pyarrow as pa
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from jobs.landing.file_checks import LandingError, verify
from jobs.landing.files import LONGEST_FIELD, check_columns, is_csv, readable, schema
from jobs.sources.mapping import Source, TableColumns, TransactionColumns, delivered_columns

_MALFORMED = "__malformed_line"
_MONTH_FOLDER = r"month=(\d{4}-\d{2})"
_LARGEST_EXACT_INTEGER = 2.0**53
_FAILED_TO_READ = re.compile(r"\[FAILED_READ_FILE[^]]*\] Encountered error while reading file (.+?)\.\s+SQLSTATE")


def delivered_rows(
    spark: SparkSession,
    files: Sequence[Path],
    source: Source,
    columns: TableColumns,
    *,
    by_month: bool,
    cache: Path,
    older_lists: Collection[Path] = (),
) -> DataFrame:
    """All rows of the files: `source_file`, `delivery_month`, `malformed_line` and the struct `delivered`.

    `jobs.cleaning.filing` explains these columns. Files with the same columns are read together.

    Args:
        spark: the session.
        files: the files to read.
        source: the mapping.
        columns: the mapping of the files' table.
        by_month: whether each file is in the folder of its month.
        cache: the folder of Parquet copies of files that Spark cannot read.
        older_lists: those of the files that may lack attributes, which become NULL.

    Raises:
        LandingError: a file is damaged, or lacks a column that the mapping names.
    """
    schemas: dict[Path, pa.Schema] = {}
    copies: dict[Path, Path] = {}
    for path in files:
        verify(path)
        copies[path] = readable(path, cache)
        schemas[path] = schema(copies[path], source)
        check_columns(path, schemas[path], columns, source, is_older_list=path in older_lists)
    optional = columns.optional if isinstance(columns, TransactionColumns) else delivered_columns(columns)
    names = list(
        dict.fromkeys([name for file_schema in schemas.values() for name in file_schema.names] + list(optional))
    )
    if not files:
        return _no_rows(spark, delivered_columns(columns) + list(optional))
    frames = []
    for alike in _alike(schemas, copies):
        sample, paths = alike[0], [copies[path] for path in alike]
        frame = _csv(spark, paths, schemas[sample], source) if is_csv(sample) else _parquet(spark, paths)
        file_name, month = _read_origin(frame) if paths[0] == sample else _known_origin(sample)
        month = month if by_month else F.lit(None).cast("string")
        frames.append(_as_delivered(frame, schemas[sample], source, names, file_name=file_name, month=month))
    return reduce(DataFrame.unionAll, frames)


@contextmanager
def rows_being_read() -> Iterator[None]:
    """Raise LandingError if a Spark action fails to read a file: a corrupt page, a quotation mark never closed."""
    try:
        yield
    except (Py4JJavaError, PySparkException) as error:
        failure = _FAILED_TO_READ.search(str(error))
        if failure is None:
            raise
        raise LandingError(
            f"{failure[1]} is damaged, or has a field of more than {LONGEST_FIELD:,} characters or a line of more than "
            "20,480 fields, perhaps because a quotation mark is never closed: deliver it again"
        ) from error


def _no_rows(spark: SparkSession, names: Sequence[str]) -> DataFrame:
    text = T.StringType()
    delivered = T.StructType([T.StructField(name, text) for name in names])
    fields = [T.StructField(name, text) for name in ("source_file", "delivery_month", "malformed_line")]
    return spark.createDataFrame([], T.StructType([*fields, T.StructField("delivered", delivered)]))


def _alike(schemas: Mapping[Path, pa.Schema], copies: Mapping[Path, Path]) -> list[list[Path]]:
    """Groups of files that one reader can read: equal format and columns. A file that was copied is its own group."""
    groups: dict[object, list[Path]] = {}
    for path, file_schema in schemas.items():
        columns = (is_csv(path), file_schema.to_string(show_schema_metadata=False))
        groups.setdefault(columns if copies[path] == path else path, []).append(path)
    return list(groups.values())


def _read_origin(frame: DataFrame) -> tuple[Column, Column]:
    """Name of the file that Spark reads a row from, and the month of its folder, if the folder has one."""
    metadata = frame.metadataColumn("_metadata")
    name = F.url_decode(F.replace(metadata["file_name"], F.lit("+"), F.lit("%2B")))
    month = F.regexp_extract(metadata["file_path"], rf"{_MONTH_FOLDER}/[^/]+$", 1)
    return name, month


def _known_origin(path: Path) -> tuple[Column, Column]:
    """Name and month of a delivered file that Spark reads a copy of."""
    month = re.fullmatch(_MONTH_FOLDER, path.parent.name)
    return F.lit(path.name), F.lit(month[1] if month else None).cast("string")


def _as_delivered(
    frame: DataFrame, file_schema: pa.Schema, source: Source, names: Sequence[str], *, file_name: Column, month: Column
) -> DataFrame:
    values = [
        (_as_text(name, file_schema, source) if name in file_schema.names else F.lit(None).cast("string")).alias(name)
        for name in names
    ]
    malformed = F.col(_MALFORMED) if _MALFORMED in frame.columns else F.lit(None).cast("string")
    return frame.select(
        file_name.alias("source_file"),
        month.alias("delivery_month"),
        malformed.alias("malformed_line"),
        F.when(malformed.isNull(), F.struct(*values)).alias("delivered"),
    )


def _csv(spark: SparkSession, paths: Sequence[Path], file_schema: pa.Schema, source: Source) -> DataFrame:
    fields = [T.StructField(name, T.StringType()) for name in (*file_schema.names, _MALFORMED)]
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
    return reader.csv([str(path) for path in paths])


def _parquet(spark: SparkSession, paths: Sequence[Path]) -> DataFrame:
    return spark.read.parquet(*(str(path) for path in paths))


def _as_text(name: str, file_schema: pa.Schema, source: Source) -> Column:
    """A column as text; whole floats without decimals, times with an offset in the shop's time zone."""
    column = F.col("`{}`".format(name.replace("`", "``")))
    type_ = file_schema.field(name).type
    if pa.types.is_floating(type_):
        is_whole = (column == F.floor(column)) & (F.abs(column) < _LARGEST_EXACT_INTEGER)
        return F.when(is_whole, column.try_cast("bigint").cast("string")).otherwise(column.cast("string"))
    if pa.types.is_timestamp(type_) and type_.tz is not None:
        return F.from_utc_timestamp(column, source.timezone).cast("string")
    return column.cast("string")
