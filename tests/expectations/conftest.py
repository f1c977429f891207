"""Frames made from a few differences to a good row, and the verdicts of suites on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from great_expectations import ExpectationSuite
from pyspark.sql import DataFrame, SparkSession

from jobs.lake.tables import Table
from jobs.quality.runner import Check, Stored, run_checks

AS_OF = date(2011, 12, 1)

MakeRows = Callable[..., DataFrame]
Broken = Callable[..., dict[str, int | None]]


@pytest.fixture
def make_rows(spark: SparkSession) -> MakeRows:
    """Rows of a table: each is `good` but for what it says itself."""

    def make(table: Table, good: Mapping[str, Any], *different: Mapping[str, Any]) -> DataFrame:
        rows = [[{**good, **row}.get(name) for name in table.names] for row in different]
        return spark.createDataFrame(rows, table.ddl)

    return make


@pytest.fixture
def broken(tmp_path: Path) -> Broken:
    """The rules that a suite finds broken: name of the rule → number of rows, None where it is about a figure."""

    def judge(
        suite: ExpectationSuite,
        frame: DataFrame | Mapping[str, float],
        keys: Sequence[str] = ("customer_id",),
        **tables: DataFrame,
    ) -> dict[str, int | None]:
        stored = {name: Stored(rows, tmp_path / name) for name, rows in tables.items()}
        if isinstance(frame, DataFrame):
            stored["rows"] = Stored(frame, tmp_path / "rows")
        judged = frame if isinstance(frame, DataFrame) else pd.DataFrame([frame])
        check = Check(suite=suite, frame=judged, keys=keys, place="here", tables=stored)
        verdicts = run_checks([check], as_of=AS_OF, run_id=1, reports=tmp_path)
        assert len(verdicts) == len(suite.expectations)
        assert not [verdict for verdict in verdicts if "error" in verdict.observed]
        failed = [verdict for verdict in verdicts if not verdict.passed]
        assert all(verdict.examples for verdict in failed if verdict.rows)
        return {verdict.rule: verdict.rows for verdict in failed}

    return judge
