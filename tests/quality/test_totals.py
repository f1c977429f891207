from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from pyspark.sql import SparkSession

from jobs.core.month import Month
from jobs.lake.frames import write_periods
from jobs.lake.lake import Lake
from jobs.lake.tables import FORECASTS, TRANSACTIONS, Table, rejected
from jobs.lake.versions import Record
from jobs.quality.counted import net_value_by_month
from jobs.quality.totals import (
    Activity,
    activity_by_month,
    forecasts_totals,
    longest_gap_days,
    rejected_reasons,
    rejected_share,
    silent_days_at_end,
)
from tests.periods import put

AUGUST, SEPTEMBER, OCTOBER, NOVEMBER = Month(2011, 8).through(Month(2011, 11))


def promise(lake: Lake, table: Table, period: Month | date, rows: int, **sums: str) -> None:
    """A complete period that says it has these rows and sums."""
    put(lake, table, period, Record(rows=rows, fingerprint="0", sums=sums))


def test_the_activity_of_each_month_is_counted(spark: SparkSession) -> None:
    rows = spark.createDataFrame(
        [
            ("2011-10", "c1", datetime(2011, 10, 31, 23, 59, tzinfo=UTC), Decimal("1.5")),
            ("2011-10", "c1", datetime(2011, 10, 1, tzinfo=UTC), Decimal("-0.5")),
            ("2011-10", "c2", datetime(2011, 10, 1, 12, tzinfo=UTC), Decimal(1)),
            ("2011-11", "c3", datetime(2011, 11, 30, tzinfo=UTC), Decimal(7)),
        ],
        "month string, customer_id string, ordered_at timestamp, net_value decimal(18,4)",
    )
    assert activity_by_month(rows, time="ordered_at") == {
        OCTOBER: Activity(
            {"rows": 3.0, "customers": 2.0, "net_value": 2.0, "order_days": 2.0},
            [date(2011, 10, 1), date(2011, 10, 31)],
        ),
        NOVEMBER: Activity({"rows": 1.0, "customers": 1.0, "net_value": 7.0, "order_days": 1.0}, [date(2011, 11, 30)]),
    }


@pytest.mark.parametrize(
    ("days", "silent"), [([date(2011, 11, 30)], 0), ([date(2011, 11, 2), date(2011, 11, 15)], 15), ([], 30)]
)
def test_silence_is_counted_from_the_newest_day_to_the_months_end(days: list[date], silent: int) -> None:
    assert silent_days_at_end(days, NOVEMBER) == silent


def active(*days: date) -> Activity:
    return Activity({}, days)


def test_the_longest_gap_is_that_of_the_months_before() -> None:
    activity = {
        AUGUST: active(date(2011, 8, 1), date(2011, 8, 31)),
        SEPTEMBER: active(date(2011, 9, 1), date(2011, 9, 30)),
        OCTOBER: active(date(2011, 10, 3), date(2011, 10, 31)),
        NOVEMBER: active(date(2011, 11, 30)),
    }
    assert longest_gap_days(activity, NOVEMBER, months=3) == 29
    assert longest_gap_days(activity, NOVEMBER, months=1) == 27
    assert longest_gap_days({NOVEMBER: active(date(2011, 11, 1), date(2011, 11, 9))}, NOVEMBER, months=3) == 7
    assert longest_gap_days({}, NOVEMBER, months=3) == 0


def test_the_share_of_rejected_rows_is_of_all_that_were_delivered(lake: Lake) -> None:
    promise(lake, TRANSACTIONS, OCTOBER, 75)
    promise(lake, rejected(TRANSACTIONS), OCTOBER, 25)
    promise(lake, TRANSACTIONS, NOVEMBER, 0)
    promise(lake, rejected(TRANSACTIONS), NOVEMBER, 0)
    assert rejected_share(lake, TRANSACTIONS, OCTOBER) == 0.25
    assert rejected_share(lake, TRANSACTIONS, NOVEMBER) == 0.0


def test_each_reasons_share_is_compared_with_its_highest_of_the_months_before(spark: SparkSession, lake: Lake) -> None:
    refused = rejected(TRANSACTIONS)
    reasons = {
        SEPTEMBER: [["old"]],
        OCTOBER: [["old"], ["old", "both"]],
        NOVEMBER: [["old"], ["new", "both"], ["new"]],
    }
    rows = [("f", "{}", listed, str(month)) for month, lists in reasons.items() for listed in lists]
    write_periods(
        spark.createDataFrame(rows, f"{refused.ddl}, month string"), lake, refused, {month: {} for month in reasons}
    )
    for month, lists in reasons.items():
        promise(lake, TRANSACTIONS, month, 10 - len(lists))
    actual = rejected_reasons(spark, lake, {TRANSACTIONS: NOVEMBER})
    assert actual.round(9).to_dict("records") == [
        {"table": TRANSACTIONS.name, "reason": "both", "rows": 1, "share": 0.1, "rise": 0.0},
        {"table": TRANSACTIONS.name, "reason": "new", "rows": 2, "share": 0.2, "rise": 0.2},
        {"table": TRANSACTIONS.name, "reason": "old", "rows": 1, "share": 0.1, "rise": -0.1},
    ]
    first = rejected_reasons(spark, lake, {TRANSACTIONS: SEPTEMBER})
    assert first.to_dict("records") == [
        {"table": TRANSACTIONS.name, "reason": "old", "rows": 1, "share": 0.1, "rise": 0.0}
    ]


def test_forecasts_are_compared_with_the_trailing_year_and_with_the_last_forecast(
    spark: SparkSession, lake: Lake
) -> None:
    versions = spark.createDataFrame([(3,), (3,), (4,)], "model_version bigint")
    promise(lake, FORECASTS, date(2011, 12, 1), 3, clv_12m="1200.00")
    assert forecasts_totals(versions, lake, date(2011, 12, 1), {}) == {"rows": 3, "model_versions": 2}
    promise(lake, TRANSACTIONS, Month(2010, 11), 1, net_value="99999.0000")
    promise(lake, TRANSACTIONS, OCTOBER, 1, net_value="300.0000")
    promise(lake, TRANSACTIONS, NOVEMBER, 1, net_value="100.0000")
    net_value = net_value_by_month(spark, lake, NOVEMBER, None)
    promise(lake, FORECASTS, date(2011, 11, 1), 2, clv_12m="800.00")
    assert forecasts_totals(versions, lake, date(2011, 12, 1), net_value) == {
        "rows": 3,
        "model_versions": 2,
        "forecast_to_trailing_ratio": 0.5,
        "forecast_to_last_ratio": 1.5,
    }
