"""The forecasts of day 30 on a small shop: who is forecast, what comes true, and what no forecast may know."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession

from benchmarks.first_month import Known, Part, forecast, known_at
from benchmarks.first_month_cases import CASES, Case
from benchmarks.first_month_peers import OURS, STANDARD, STANDARD_LATER
from docs.generate import benchmarks as page
from docs.generate import first_month as section
from jobs.core.month import Month
from jobs.forecasting.first_month.baselines import BTYD, COHORT_MEAN, SPEND_RATIO
from jobs.forecasting.first_month.days import MONTH_ENDS
from jobs.lake.lake import Lake
from tests.benchmarks.transactions import COLUMNS, SOURCE, transactions, written

CASE = Case(file="small", source=COLUMNS, newest=Month(2024, 1), origins=2, months=2)
FIRST_ORIGIN = CASE.as_ofs[0]


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Enough customers to learn from, some of whom come late enough to be forecast."""
    drawn = transactions(500)
    late = drawn["Card"].astype(int) % 5 == 0
    since = late.map({True: Month(2023, 11).first_day, False: Month(2023, 5).first_day})
    return drawn[drawn["Booked"] >= since].reset_index(drop=True)


@pytest.fixture(scope="module")
def known(spark: SparkSession, rows: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> list[Known]:
    folder = tmp_path_factory.mktemp("first_month")
    origins, not_run = known_at(CASE, SOURCE, written(rows, folder / "small.csv"), Lake(str(folder / "lake")))
    assert not_run == {}
    return origins


@pytest.fixture(scope="module")
def parts(known: list[Known]) -> list[Part]:
    return [forecast(origin, CASE.months) for origin in known]


def test_everybody_whose_day_30_fell_into_the_month_is_forecast_by_every_model(
    rows: pd.DataFrame, parts: list[Part]
) -> None:
    first = pd.to_datetime(rows[rows["Paid"] > 0.0].groupby("Card")["Booked"].min())
    day_30 = first + pd.Timedelta(days=30)
    before = pd.Timestamp(CASE.forecast_on[0])
    for part, origin in zip(parts, CASE.as_ofs, strict=True):
        expected = first.index[(day_30 > before) & (day_30 <= pd.Timestamp(origin))]
        assert part.ids.tolist() == sorted(expected)
        assert part.forecasts.keys() == {OURS, COHORT_MEAN, SPEND_RATIO, BTYD, STANDARD, STANDARD_LATER}
        assert all(np.isfinite(value).all() and len(value) == len(part.ids) for value in part.forecasts.values())
        before = pd.Timestamp(origin)


def test_what_came_true_is_that_of_the_file(rows: pd.DataFrame, parts: list[Part]) -> None:
    first = pd.to_datetime(rows[rows["Paid"] > 0.0].groupby("Card")["Booked"].min())
    day = (pd.to_datetime(rows["Booked"]) - rows["Card"].map(first)).dt.days - 30
    known = np.concatenate([part.ids for part in parts])
    outcome = rows[(day >= 0) & (day < MONTH_ENDS[CASE.months - 1]) & rows["Card"].isin(known)]
    assert sum(part.value.sum() for part in parts) == pytest.approx(outcome["Paid"].sum())


def test_a_half_year_around_a_february_is_known_to_its_last_day() -> None:
    """On 2011-02-01, six months end on 2011-08-01, and 183 days two days later."""
    months = {origin.month: origin.months for origin in CASES["online_retail_ii_6m"].whole}
    assert months == {Month(2011, number): 7 if number in (1, 2) else 6 for number in range(1, 7)}


def test_what_happens_from_an_origin_on_changes_no_forecast_of_it(known: list[Known], parts: list[Part]) -> None:
    """What the standard model knows of later days is tested in `test_leakage.py`."""
    daily = known[0].daily
    later = daily["ordered_on"] >= pd.Timestamp(FIRST_ORIGIN)
    altered = daily.assign(net_value=daily["net_value"].where(~later, daily["net_value"] * 10.0))
    now = [forecast(replace(origin, daily=altered), CASE.months) for origin in known]
    for name, value in parts[0].forecasts.items():
        np.testing.assert_allclose(now[0].forecasts[name], value, rtol=1e-12, err_msg=name)
    assert not np.allclose(now[1].forecasts[OURS], parts[1].forecasts[OURS], rtol=1e-3)
    assert now[0].value.sum() > 2.0 * parts[0].value.sum()


def test_the_page_has_goals_and_figures_of_every_shop() -> None:
    shown = page.page()
    results = page.first_month_results()
    for name, of in results.items():
        assert f"### `{name}`: {of['months']} months" in shown
    goals = section.values(results)["goals"].splitlines()
    assert len(goals) == 2 + 3 * len(results)
