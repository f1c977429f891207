from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from jobs.core.month import Month
from jobs.lake.frames import write_periods
from jobs.lake.lake import Lake
from jobs.lake.tables import Column, Table
from jobs.lake.versions import IncompleteError, Record
from jobs.quality.parquet_facts import column_facts

OCTOBER, NOVEMBER = Month(2011, 10), Month(2011, 11)
TABLE = Table("clean/things", "a thing", "month", (Column("name", "string", ""), Column("size", "double", "")))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path))


def store(lake: Lake, month: Month, *files: dict[str, list[object]]) -> None:
    """A complete month of things, a Parquet file each; sizes are doubles."""
    with lake.writing(TABLE) as folder:
        lake.files.create_dir(f"{folder}/month={month}")
        for number, columns in enumerate(files):
            arrays = {
                name: pa.array(values, pa.float64() if name == "size" else None) for name, values in columns.items()
            }
            path = f"{folder}/month={month}/part-{number}.parquet"
            pq.write_table(pa.table(arrays), path, row_group_size=2, filesystem=lake.files)
        rows = sum(len(next(iter(columns.values()))) for columns in files)
        lake.commit(TABLE, folder, {month: Record(rows=rows, fingerprint="0")})


def facts(lake: Lake, column: str, **arguments: object) -> dict[Any, Any]:
    """What is true of one column in November."""
    frame = column_facts(lake, TABLE, NOVEMBER, **arguments)
    return frame.set_index("column").loc[column].to_dict()


def test_every_declared_column_has_one_row(lake: Lake) -> None:
    store(lake, NOVEMBER, {"name": ["a", "b"], "size": [1.0, None]})
    frame = column_facts(lake, TABLE, NOVEMBER, required=["name"], volatile=["size"])
    assert frame.to_dict("records") == [
        {
            "table": "clean/things",
            "column": "name",
            "declared_type": "string",
            "stored_type": "string",
            "nulls": 0,
            "is_finite": True,
            "is_constant": False,
            "was_constant": True,
            "is_required": True,
            "is_volatile": False,
        },
        {
            "table": "clean/things",
            "column": "size",
            "declared_type": "double",
            "stored_type": "double",
            "nulls": 1,
            "is_finite": True,
            "is_constant": False,
            "was_constant": True,
            "is_required": False,
            "is_volatile": True,
        },
    ]


def test_missing_and_wrongly_typed_columns_are_reported_separately(lake: Lake) -> None:
    store(lake, NOVEMBER, {"name": ["a"]}, {"name": ["b"], "size": [1.0]})
    assert facts(lake, "size")["stored_type"] == "(missing), double"
    whole = replace(TABLE, columns=(Column("size", "bigint", ""), Column("name", "decimal(18,4)", "")))
    assert list(column_facts(lake, whole, NOVEMBER)["stored_type"]) == ["(missing), double", "string"]


@pytest.mark.parametrize("bad", [float("inf"), float("-inf")])
def test_infinite_numbers_are_found(lake: Lake, bad: float) -> None:
    store(lake, NOVEMBER, {"name": ["a", "b"], "size": [bad, 1.0]})
    assert not facts(lake, "size")["is_finite"]


def test_nan_is_found_in_what_spark_writes(lake: Lake, spark: SparkSession) -> None:
    sizes = [(float("nan"), 1.0, 1.0), (1.0, float("nan"), 1.0)]
    columns = tuple(Column(name, "double", "") for name in ("nan_first", "nan_last", "finite"))
    table = replace(TABLE, columns=columns)
    rows = spark.createDataFrame([(*row, str(NOVEMBER)) for row in sizes], f"{table.ddl}, month string").coalesce(1)
    write_periods(rows, lake, table, {NOVEMBER: {}})
    actual = column_facts(lake, table, NOVEMBER)
    assert dict(zip(actual["column"], actual["is_finite"], strict=True)) == {
        "nan_first": False,
        "nan_last": False,
        "finite": True,
    }


def test_columns_of_nulls_are_finite(lake: Lake) -> None:
    store(lake, NOVEMBER, {"name": ["a", "b"], "size": [None, None]})
    assert facts(lake, "size")["is_finite"]


@pytest.mark.parametrize(
    ("files", "constant"),
    [
        ([[1.0, 1.0], [1.0]], True),
        ([[1.0], [2.0]], False),
        ([[1.0, 1.0, 2.0]], False),
        ([[None, None], [None]], True),
        ([[1.0, 1.0], [None]], False),
        ([[0.0, -0.0]], True),
        ([], True),
    ],
)
def test_a_column_is_constant_where_all_rows_hold_the_same(
    lake: Lake, files: list[list[float | None]], constant: bool
) -> None:
    store(lake, NOVEMBER, *({"name": ["a"] * len(sizes), "size": sizes} for sizes in files))
    assert facts(lake, "size")["is_constant"] == constant


def test_a_column_is_compared_with_the_period_before(lake: Lake) -> None:
    store(lake, OCTOBER, {"name": ["a", "b"], "size": [1.0, 1.0]})
    store(lake, NOVEMBER, {"name": ["a", "a"], "size": [1.0, 1.0]})
    assert facts(lake, "name", before=OCTOBER)["was_constant"] is False
    assert facts(lake, "size", before=OCTOBER)["was_constant"] is True


def test_an_incomplete_period_is_refused(lake: Lake) -> None:
    with pytest.raises(IncompleteError, match="clean/things has no complete month=2011-11"):
        column_facts(lake, TABLE, NOVEMBER)
