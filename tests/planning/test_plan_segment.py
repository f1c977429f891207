"""A segment without a customer is refused by the plan, where the lake or the delivery can tell."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from jobs.core.month import Month
from jobs.lake.lake import Lake
from jobs.planning.segment import SegmentError
from tests.conftest import ROOT, Database
from tests.forecasts import count
from tests.planning.shop import NOVEMBER, OCTOBER, deliver_customers, planned
from tests.snapshots import TABLE, write_snapshots


def snapshot(lake: Lake, month: Month, cities: list[str | None]) -> None:
    """A snapshot with a customer for each city."""
    rows: list[dict[str, Any]] = [
        dict.fromkeys(TABLE.names) | {"customer_id": f"c{number}", "membership": "none", "city": city}
        for number, city in enumerate(cities)
    ]
    write_snapshots(lake, {month.as_of: pd.DataFrame(rows)})


def plan(capsys: pytest.CaptureFixture[str], segment: str) -> Any:
    return planned(capsys, options=["--segment", segment])["segment"]


def test_the_newest_snapshot_names_the_most_frequent_values(
    landing: Path, lake: Lake, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    deliver_customers(landing, NOVEMBER, ["Bonn"])
    snapshot(lake, Month(2011, 9), ["Rome"])
    snapshot(lake, OCTOBER, ["Lyon", "Paris", None, "Paris"])
    snapshot(lake, Month(2011, 12), ["Atlantis"])
    assert plan(capsys, "city=Paris") == "city=Paris"
    with pytest.raises(SegmentError) as refused:
        plan(capsys, "city=Atlantis")
    assert str(refused.value) == (
        "the segment city=Atlantis holds no customer; the most frequent values of city are Paris, Lyon"
    )
    assert plan(capsys, "city=Atlantis,Paris") == "city=Atlantis,Paris"
    assert count(database, "run") == 2


def test_a_city_that_only_the_delivered_list_has_is_not_refused(
    landing: Path, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    deliver_customers(landing, OCTOBER, ["Rome"])
    deliver_customers(landing, NOVEMBER, ["Bonn", '"Lyon, 3e"'])
    snapshot(lake, NOVEMBER, ["Paris"])
    assert plan(capsys, "city=Bonn") == "city=Bonn"
    assert plan(capsys, 'city="Lyon, 3e"') == 'city="Lyon, 3e"'
    with pytest.raises(SegmentError, match="the most frequent values of city are Paris"):
        plan(capsys, "city=Rome")


def test_an_empty_lake_leaves_it_to_the_delivered_list(landing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deliver_customers(landing, NOVEMBER, ["Paris", "Paris", "Lyon", ""])
    assert plan(capsys, "membership=annual") == "membership=annual"
    with pytest.raises(SegmentError, match=r"the most frequent values of city are Paris, Lyon$"):
        plan(capsys, "city=Atlantis")
    with pytest.raises(SegmentError, match=r"the most frequent values of membership are annual$"):
        plan(capsys, "membership=monthly")


def test_a_column_that_the_shop_does_not_deliver_is_refused(
    landing: Path, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SegmentError, match="city=Paris is empty: the shop delivers no city of its customers"):
        plan(capsys, "city=Paris")
    assert count(database, "run") == 0


def test_a_customer_is_refused_by_the_month_s_own_snapshot_alone_and_no_id_is_named(
    landing: Path, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    snapshot(lake, OCTOBER, ["Paris"])
    assert plan(capsys, "customer_id=c7") == "customer_id=c7"
    snapshot(lake, NOVEMBER, ["Paris"])
    assert plan(capsys, "customer_id=c0") == "customer_id=c0"
    with pytest.raises(SegmentError, match=r"customer_id=c7 holds no customer of the snapshot as of 2011-12-01$"):
        plan(capsys, "customer_id=c7")


def test_how_customers_stand_is_left_to_scoring(landing: Path, lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    snapshot(lake, NOVEMBER, ["Paris"])
    assert plan(capsys, "status=new") == "status=new"


@pytest.mark.parametrize("options", [["--horizon", "2"], ["--segment", "city=Atlantis"]])
def test_the_command_ends_with_the_code_of_a_refusal_and_one_readable_line(
    landing: Path, database: Database, options: list[str]
) -> None:
    deliver_customers(landing, NOVEMBER, ["Paris"])
    run = ["--run-type", "manual", "--logical-date", "", "--month", "2011-11", "--dag-run-id", "manual"]
    ended = subprocess.run(
        [sys.executable, "-m", "jobs.plan", *run, *options], cwd=ROOT, env=os.environ, capture_output=True, text=True
    )
    assert ended.returncode == 65
    assert ended.stderr.splitlines()[-1] in (
        "ERROR jobs.core.task: argument --horizon: invalid choice: 2 (choose from 1, 3, 6, 12)",
        "ERROR jobs.core.task: the segment city=Atlantis holds no customer; the most frequent values of city are Paris",
    )
    assert ended.stdout == ""
