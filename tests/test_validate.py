from __future__ import annotations

import logging
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.build_features import main
from jobs.core.month import Month
from jobs.core.postgres import fetch
from jobs.core.settings import Settings
from jobs.features.build import build_daily, build_features
from jobs.features.table import features
from jobs.lake.arrow import read_rows
from jobs.lake.frames import read_periods, write_periods
from jobs.lake.lake import Lake
from jobs.lake.tables import CUSTOMERS, PRODUCTS, SESSIONS, TRANSACTIONS, Table, validation
from jobs.lake.versions import IncompleteError
from jobs.quality.findings import ValidationFailedError
from jobs.quality.validation import validate
from jobs.sources import load
from tests import forecasts
from tests.conftest import Database
from tests.periods import planned, put, take_out
from tests.small_shop import DEPARTMENTS, PEOPLE, SOURCE, order_lines, store

MONTHS = Month(2011, 8).through(Month(2011, 11))
MONTH = MONTHS[-1]
AS_OF = MONTH.as_of


@pytest.fixture(scope="module")
def built(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Four months of a small shop, all stages done; the last month came with customers, logins and articles."""
    lake = Lake(str(tmp_path_factory.mktemp("built") / "lake"))
    people = [f"c{number:02d}" for number in range(PEOPLE + 2)]
    store(spark, lake, TRANSACTIONS, {month: order_lines(month) for month in MONTHS})
    accounts = [(person, date(2011, 1, 1), "none", "Oslo", "NO", str(MONTH)) for person in people]
    store(spark, lake, CUSTOMERS, {MONTH: accounts})
    logins = [(people[day % PEOPLE], datetime(2011, 11, day, 9, tzinfo=UTC), str(MONTH)) for day in range(1, 31)]
    store(spark, lake, SESSIONS, {MONTH: logins})
    articles = [(f"p{number}", DEPARTMENTS[number], str(MONTH)) for number in range(3)]
    store(spark, lake, PRODUCTS, {MONTH: articles})
    build_daily(spark, lake, as_of=AS_OF)
    build_features(spark, lake, DEPARTMENTS, as_of=AS_OF)
    forecasts.write(lake, AS_OF, [forecasts.row(person, level="20.00") for person in people])
    return lake


@pytest.fixture
def lake(built: Lake, tmp_path: Path) -> Lake:
    """A copy to spoil, as run 1 sees it."""
    shutil.copytree(built.root, tmp_path / "lake")
    return planned(Lake(str(tmp_path / "lake")), AS_OF, 1)


@pytest.fixture
def settings(lake: Lake) -> Settings:
    reports = Path(lake.root).with_name("reports")
    return Settings(environ={"CLV_SOURCE": SOURCE, "CLV_LAKE": lake.root, "CLV_REPORTS": str(reports)})


def forget(lake: Lake, *tables: Table) -> None:
    for table in tables:
        take_out(lake, table, *map(Month.parse, lake.periods(table)))


def replaced(spark: SparkSession, lake: Lake, table: Table, period: Month | date, rows: DataFrame) -> None:
    """Put other rows, made from the present ones, in the place of a period."""
    write_periods(rows.withColumn(table.period_key, F.lit(str(period))), lake, table, {period: {}})


def lines_of(spark: SparkSession, lake: Lake) -> DataFrame:
    return read_periods(spark, lake, TRANSACTIONS, [MONTH]).localCheckpoint()


def failures(lake: Lake, stage: str) -> dict[str, dict[str, object]]:
    """Rule → its row in the lake, of the rules that failed."""
    rules = read_rows(Lake(lake.root), validation(stage), [AS_OF]).to_pylist()
    return {f"{entry['suite']}.{entry['rule']}": entry for entry in rules if not entry["passed"]}


@pytest.mark.parametrize("stage", ["inputs", "features", "forecasts"])
def test_a_good_month_passes_every_stage(
    spark: SparkSession, settings: Settings, lake: Lake, caplog: pytest.LogCaptureFixture, stage: str
) -> None:
    caplog.set_level(logging.INFO)
    rules = validate(stage, spark, settings, as_of=AS_OF, run_id=1)
    assert failures(lake, stage) == {}
    assert f"validation of {stage} as of {AS_OF}: {rules} rules, 0 failed" in caplog.text
    assert "not delivered" not in caplog.text
    assert (settings.reports / "data_docs" / "index.html").is_file()


def test_a_part_of_the_shop_is_compared_with_its_own_lines(
    spark: SparkSession, settings: Settings, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = "customer_id NOT IN ('c01', 'c02')"
    inside = replace(load(SOURCE), customers_where=where)
    build_daily(spark, lake, as_of=AS_OF, customers_where=where)
    build_features(spark, lake, DEPARTMENTS, as_of=AS_OF, customers_where=where)
    people = [f"c{number:02d}" for number in range(PEOPLE + 2) if number not in (1, 2)]
    forecasts.write(lake, AS_OF, [forecasts.row(person, level="20.00") for person in people])
    monkeypatch.setattr("jobs.quality.validation.load", lambda _: inside)
    for stage in ("features", "forecasts"):
        validate(stage, spark, settings, as_of=AS_OF, run_id=1)
        assert failures(lake, stage) == {}
    monkeypatch.setattr("jobs.quality.validation.load", load)
    with pytest.raises(ValidationFailedError, match="net_value_as_in_transactions"):
        validate("features", spark, settings, as_of=AS_OF, run_id=1)


def test_a_rerun_leaves_the_same_record(spark: SparkSession, settings: Settings, lake: Lake) -> None:
    records = []
    for _ in range(2):
        validate("forecasts", spark, settings, as_of=AS_OF, run_id=1)
        records.append(Lake(lake.root).record(validation("forecasts"), AS_OF))
    assert records[0] == records[1]
    assert records[0].inputs == {"run": "1"}


def test_tables_that_were_not_delivered_are_not_validated_and_the_log_says_so(
    spark: SparkSession, settings: Settings, lake: Lake, caplog: pytest.LogCaptureFixture
) -> None:
    forget(lake, CUSTOMERS, SESSIONS, PRODUCTS)
    take_out(lake, TRANSACTIONS, *MONTHS[:-1])  # and the shop is in its first month
    caplog.set_level(logging.INFO)
    validate("inputs", spark, settings, as_of=AS_OF, run_id=1)
    assert "not delivered with 2011-11, so not validated: customers, sessions, products" in caplog.text
    assert failures(lake, "inputs") == {}


def test_a_month_that_was_never_ingested_is_refused(spark: SparkSession, settings: Settings) -> None:
    with pytest.raises(IncompleteError, match="clean/transactions has no complete month=2011-12"):
        validate("inputs", spark, settings, as_of=date(2012, 1, 1), run_id=1)


def test_half_a_month_stops_the_run(spark: SparkSession, settings: Settings, lake: Lake) -> None:
    forget(lake, CUSTOMERS, SESSIONS, PRODUCTS)
    half = lines_of(spark, lake).where("ordered_at < TIMESTAMP'2011-11-16'")
    replaced(spark, lake, TRANSACTIONS, MONTH, half)
    with pytest.raises(ValidationFailedError, match=r"ends_far_too_early \(observed 15, allowed at most 10"):
        validate("inputs", spark, settings, as_of=AS_OF, run_id=1)
    assert set(failures(lake, "inputs")) == {
        "transactions_totals.net_value_off_earlier_months",
        "transactions_totals.too_few_order_days",
        "transactions_totals.far_too_few_order_days",
        "transactions_totals.ends_too_early",
        "transactions_totals.ends_far_too_early",
    }


def test_an_empty_month_stops_the_run(spark: SparkSession, settings: Settings, lake: Lake) -> None:
    forget(lake, CUSTOMERS, SESSIONS, PRODUCTS)
    replaced(spark, lake, TRANSACTIONS, MONTH, lines_of(spark, lake).limit(0))
    with pytest.raises(ValidationFailedError, match=r"transactions_totals.not_empty \(observed 0, allowed at least 1"):
        validate("inputs", spark, settings, as_of=AS_OF, run_id=1)


def test_ten_times_the_rows_stop_the_run(spark: SparkSession, settings: Settings, lake: Lake) -> None:
    forget(lake, CUSTOMERS, SESSIONS, PRODUCTS)
    tenfold = lines_of(spark, lake).withColumn("copy", F.explode(F.sequence(F.lit(1), F.lit(10))))
    replaced(spark, lake, TRANSACTIONS, MONTH, tenfold)
    with pytest.raises(ValidationFailedError, match=r"rows_far_off_earlier_months \(observed 900, allowed"):
        validate("inputs", spark, settings, as_of=AS_OF, run_id=1)


def test_bad_rows_are_listed_with_a_query_that_finds_them(
    spark: SparkSession, settings: Settings, lake: Lake, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    spoilt = F.when(F.col("order_id").isin("o2011-11-1-0", "o2011-11-2-0"), F.lit(None)).otherwise(F.col("is_return"))
    replaced(spark, lake, TRANSACTIONS, MONTH, lines_of(spark, lake).withColumn("is_return", spoilt))
    with pytest.raises(ValidationFailedError, match=r"transactions.is_return_filled \(observed 2 of 90 rows"):
        validate("inputs", spark, settings, as_of=AS_OF, run_id=1)
    folder = lake.folder(TRANSACTIONS, MONTH)
    query = f"SELECT * FROM parquet.`{folder}` WHERE is_return IS NULL"  # noqa: S608
    assert caplog.records[-1].getMessage().splitlines()[1:4] == [
        "CRITICAL transactions.is_return_filled: is_return is never null",
        f"    observed 2 of 90 rows; allowed no row; in {folder}",
        f"    rows: {query}",
    ]
    assert "o2011-11-1-0" not in caplog.text
    examples = failures(lake, "inputs")["transactions.is_return_filled"]["examples"]
    assert examples == ["order_id=o2011-11-1-0, product_id=p0", "order_id=o2011-11-2-0, product_id=p0"]
    assert spark.sql(query).count() == 2
    page = caplog.records[-1].getMessage().splitlines()[-1].removeprefix("Data Docs: ")
    assert "is_return_filled" in Path(unquote(urlsplit(page).path)).read_text(encoding="utf-8")


def test_a_column_that_is_missing_stops_the_run_before_any_other_rule(
    spark: SparkSession, settings: Settings, lake: Lake
) -> None:
    rows = read_rows(lake, TRANSACTIONS, [MONTH]).drop_columns("net_value")
    put(lake, TRANSACTIONS, MONTH, lake.record(TRANSACTIONS, MONTH), rows)
    with pytest.raises(ValidationFailedError, match=r"inputs_columns.stored_as_declared \(observed 1 of"):
        validate("inputs", spark, settings, as_of=AS_OF, run_id=1)
    actual = failures(lake, "inputs")
    assert {entry["suite"] for entry in actual.values()} == {"inputs_columns"}
    assert actual["inputs_columns.stored_as_declared"]["examples"] == [
        "table=clean/transactions, column=net_value, declared_type=decimal(18,4), stored_type=(missing)"
    ]


def test_a_snapshot_that_lost_a_customer_and_his_money_stops_the_run(
    spark: SparkSession, settings: Settings, lake: Lake
) -> None:
    table = features(DEPARTMENTS)
    kept = read_periods(spark, lake, table, [AS_OF]).where("customer_id <> 'c03'").localCheckpoint()
    replaced(spark, lake, table, AS_OF, kept.withColumn("orders_365d", F.lit(None).cast("double")))
    with pytest.raises(ValidationFailedError):
        validate("features", spark, settings, as_of=AS_OF, run_id=1)
    actual = failures(lake, "features")
    assert set(actual) == {"features_columns.no_null_where_required"} | {"features_columns.not_newly_constant"}
    replaced(spark, lake, table, AS_OF, kept)
    with pytest.raises(ValidationFailedError):
        validate("features", spark, settings, as_of=AS_OF, run_id=1)
    actual = failures(lake, "features")
    assert set(actual) == {
        "features_totals.every_known_customer_has_a_row",
        "features_totals.net_value_lifetime_as_in_transactions",
        "features_totals.net_value_of_months_as_in_transactions",
    }
    assert actual["features_totals.every_known_customer_has_a_row"]["examples"] == ["customer_id=c03"]


def test_forecasts_that_miss_a_customer_or_the_level_stop_the_run(
    spark: SparkSession, settings: Settings, lake: Lake
) -> None:
    rows = [forecasts.row(f"c{number:02d}", level="9000.00") for number in range(1, PEOPLE + 2)]
    forecasts.write(lake, AS_OF, [*rows[1:], rows[1] | {"customer_id": "stranger"}])
    with pytest.raises(ValidationFailedError):
        validate("forecasts", spark, settings, as_of=AS_OF, run_id=1)
    assert set(failures(lake, "forecasts")) == {
        "forecasts.customer_known",
        "forecasts_totals.every_known_customer_has_a_forecast",
        "forecasts_totals.total_off_trailing_year",
        "forecasts_totals.total_far_off_trailing_year",
    }


def test_the_results_are_recorded_whether_or_not_they_stop_the_run(
    spark: SparkSession, settings: Settings, lake: Lake, database: Database
) -> None:
    run_id = forecasts.plan(database.writer, AS_OF)
    lake = planned(lake, AS_OF, run_id)
    of_run = {"as_of": AS_OF, "run_id": run_id, "database": database.writer}
    validate("forecasts", spark, settings, **of_run)
    first = forecasts.seen(database, "validation")
    assert {row["success"] for row in first} == {True}
    forecasts.write(lake, AS_OF, [])
    with pytest.raises(ValidationFailedError, match="every_known_customer_has_a_forecast"):
        validate("forecasts", spark, settings, **of_run)
    again = forecasts.seen(database, "validation")
    assert [(row["suite"], row["rule"]) for row in again] == [(row["suite"], row["rule"]) for row in first]
    record = read_rows(Lake(lake.root), validation("forecasts"), [AS_OF]).to_pylist()
    assert {(row["suite"], row["rule"], row["success"], row["observed"], row["unexpected_rows"]) for row in again} == {
        (rule["suite"], rule["rule"], rule["passed"], rule["observed"], rule["rows"]) for rule in record
    }
    assert {(row["data_month"], row["as_of"], row["run_id"], row["stage"]) for row in again} == {
        (str(MONTH), AS_OF, run_id, "forecasts")
    }
    assert {row["column_name"] for row in again if row["rule"] == "reason_1_filled"} == {"reason_1"}


@pytest.mark.usefixtures("environment")
def test_a_job_fails_where_what_it_wrote_is_bad(spark: SparkSession, lake: Lake, database: Database) -> None:
    run_id = forecasts.plan(database.writer, AS_OF)
    lake = planned(lake, AS_OF, run_id)
    arguments = ["--as-of", str(AS_OF), "--run-id", str(run_id)]
    main(arguments)
    [task] = fetch(database.writer, "run_tasks", run_id=run_id)
    assert (task["task"], task["rows"]) == ("build_features", 0)
    assert {(row["stage"], row["success"]) for row in forecasts.seen(database, "validation")} == {("features", True)}
    lake = Lake.of_run(lake.root, AS_OF, run_id)
    table, record = features(DEPARTMENTS), lake.record(features(DEPARTMENTS), AS_OF)
    rows = read_periods(spark, lake, table, [AS_OF]).where("customer_id <> 'c03'").localCheckpoint()
    write_periods(rows, lake, table, {AS_OF: record.inputs})
    with pytest.raises(ValidationFailedError, match="every_known_customer_has_a_row"):
        main(arguments)
