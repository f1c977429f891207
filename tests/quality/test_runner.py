from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from expectations.rules import filled, holds, named_suite, total, unique
from jobs.quality.findings import DATA_DOCS, RuleResult
from jobs.quality.runner import Check, Stored, run_checks

AS_OF = date(2011, 12, 1)


def judged(*checks: Check, reports: Path, as_of: date = AS_OF, run_id: int = 1) -> dict[str, RuleResult]:
    return {result.rule: result for result in run_checks(checks, as_of=as_of, run_id=run_id, reports=reports)}


def figures(*rules: object, **columns: float) -> Check:
    """A check of a one-row frame."""
    return Check(suite=named_suite("figures", "figures", rules), frame=pd.DataFrame([columns]), keys=(), place="here")


AT_MOST_1 = {"high": 1, "says": "a is at most 1", "because": "it is", "severity": "warning"}


def test_an_expectation_that_cannot_be_evaluated_is_critical_and_says_why(tmp_path: Path) -> None:
    result = judged(figures(total("missing", "nowhere", **AT_MOST_1), a=1.0), reports=tmp_path)["missing"]
    assert (result.passed, result.severity) == (False, "critical")
    assert result.observed.startswith("an error: ")
    assert "nowhere" in result.observed


def test_a_file_that_cannot_be_read_is_critical(tmp_path: Path, spark: SparkSession) -> None:
    spark.createDataFrame([("a",)], "customer_id string").write.parquet(str(tmp_path / "rows"))
    rows = spark.read.schema("customer_id bigint").parquet(str(tmp_path / "rows"))
    suite = named_suite("rows", "rows", [filled("customer_id", because="it is the key", severity="warning")])
    check = Check(suite=suite, frame=rows, keys=("customer_id",), place="here", tables={"rows": Stored(rows, tmp_path)})
    result = judged(check, reports=tmp_path)["customer_id_filled"]
    assert (result.passed, result.severity) == (False, "critical")
    assert result.observed.startswith("an error: ")


def test_a_value_that_ends_the_evaluation_is_not_quoted(tmp_path: Path, spark: SparkSession) -> None:
    spark.createDataFrame([("MARKED-customer-x",)], "customer_id string").write.parquet(str(tmp_path / "rows"))
    rows = spark.read.parquet(str(tmp_path / "rows"))
    rule = holds("a_number", "cast(customer_id AS int) > 0", says="it is a number", because="it is")
    suite = named_suite("rows", "rows", [rule])
    check = Check(suite=suite, frame=rows, keys=("customer_id",), place="here", tables={"rows": Stored(rows, tmp_path)})
    result = judged(check, reports=tmp_path)["a_number"]
    assert (result.passed, result.severity) == (False, "critical")
    assert set(result.observed.removeprefix("an error: ").split("; ")) == {"CAST_INVALID_INPUT"}


def test_where_the_columns_are_wrong_nothing_else_is_evaluated(tmp_path: Path) -> None:
    contract = figures(total("columns", "a", **AT_MOST_1 | {"severity": "critical"}), a=2.0)

    def checks() -> Iterator[Check]:
        yield Check(suite=contract.suite, frame=contract.frame, keys=(), place="here", is_contract=True)
        pytest.fail("the next check was asked for")

    assert [result.rule for result in run_checks(checks(), as_of=AS_OF, run_id=1, reports=tmp_path)] == ["columns"]


def test_the_query_of_a_broken_rule_finds_its_rows_anywhere(tmp_path: Path, spark: SparkSession) -> None:
    folders = {name: tmp_path / name for name in ("rows", "others")}
    people = [(number, f"c{min(number, 4)}", number == 2) for number in range(1, 6)]
    spark.createDataFrame(people, "id int, customer_id string, late boolean").write.parquet(str(folders["rows"]))
    spark.createDataFrame([("c1",), ("c4",)], "customer_id string").write.parquet(str(folders["others"]))
    tables = {name: Stored(spark.read.parquet(str(folder)), folder) for name, folder in folders.items()}
    listed = "customer_id in (SELECT customer_id FROM {others})"
    suite = named_suite(
        "people",
        "people",
        [
            unique("customer_id", because="it is the key"),
            holds("in_time", "not late", says="in time", because="it is"),
            holds("listed", listed, says="listed", because="it is", mostly=0.9),
        ],
    )
    check = Check(suite=suite, frame=tables["rows"].rows, keys=("id",), place="here", tables=tables)

    results = judged(check, reports=tmp_path)

    actual = {
        rule: [row.id for row in spark.sql(result.query).select("id").orderBy("id").collect()]
        for rule, result in results.items()
    }
    assert actual == {"customer_id_unique": [4, 5], "in_time": [2], "listed": [2, 3]}
    assert {rule: result.rows for rule, result in results.items()} == {rule: len(ids) for rule, ids in actual.items()}
    assert results["listed"].examples == ["id=2", "id=3"]
    assert results["listed"].observed == "2 of 5 rows"
    assert results["listed"].allowed == "10% of the rows"


def linked_pages(index: Path) -> set[str]:
    """The pages that the index of the Data Docs links to."""
    pages = re.findall(r"(?:expectations|validations)/[^\"<>]+?[.]html", index.read_text(encoding="utf-8"))
    return {(index.parent / unquote(page)).resolve().as_uri() for page in pages}


def test_data_docs_hold_every_run_and_link_to_it(tmp_path: Path) -> None:
    check = figures(total("small", "a", **AT_MOST_1), a=2.0)
    runs = [(date(2011, 11, 1), 1), (date(2011, 12, 1), 2), (date(2011, 12, 1), 2)]
    pages = [judged(check, reports=tmp_path, as_of=as_of, run_id=run_id)["small"].page for as_of, run_id in runs]
    assert pages[1] == pages[2]
    suite = (tmp_path / DATA_DOCS / "expectations" / "figures.html").as_uri()
    linked = linked_pages(tmp_path / DATA_DOCS / "index.html")
    assert linked == {*pages, suite}
    for page in linked:
        text = Path(unquote(urlsplit(page).path)).read_text(encoding="utf-8")
        assert "small (warning): a is at most 1. Allowed: at most 1. it is." in text
