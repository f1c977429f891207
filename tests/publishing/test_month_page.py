"""The page of a month: whole, the same each time, safe to forward, and readable without the internet."""

from __future__ import annotations

import os
import re
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from sqlalchemy import text

from jobs.accuracy.actuals import load_actuals
from jobs.accuracy.record import measure_published
from jobs.core.month import HORIZONS, Month
from jobs.core.postgres import execute, fetch
from jobs.lake.lake import Lake
from jobs.publishing.month_page.content import UnknownRunError
from jobs.publishing.month_page.page import write_page
from jobs.withdraw import withdraw
from tests.accuracy.days import write_days
from tests.conftest import Database
from tests.end_to_end.operator import browser_path
from tests.forecasts import CUSTOMERS, plan, publish, row, write, write_customers
from tests.publishing.evidence import record_bridge, record_drift, record_rows, record_validation
from tests.service.running import make_champion

PLACES = {"Models": "http://127.0.0.1:5000", "Data Docs": "/srv/reports", "Plots": "https://mlflow.shop.example"}
HOSTILE = "<script>document.title='owned'</script>"
FIRST = Month(2011, 6)
MONTHS = 6
LAST = FIRST.plus(MONTHS - 1)


@pytest.fixture(scope="module")
def shop(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> tuple[Database, list[int]]:
    """Six published months whose forecasts grow; each actual month is known, and one country has a hostile name.

    Of the last one all is known that a page tells.
    """
    lake = Lake(str(tmp_path_factory.mktemp("lake")))
    runs = [published(module_database, lake, FIRST.plus(number)) for number in range(MONTHS)]
    record_bridge(module_database, LAST.as_of)
    record_drift(module_database, LAST.as_of)
    record_rows(module_database, runs[0], [FIRST.plus(number) for number in range(MONTHS)])
    record_rows(module_database, runs[-1], [LAST])
    record_validation(module_database, runs[-1], "net_value", HOSTILE)
    return module_database, runs


def published(database: Database, lake: Lake, month: Month) -> int:
    run_id = plan(database.writer, month.as_of)
    for months in HORIZONS:
        execute(database.writer, "set_run_level", run_id=run_id, horizon_months=months, variance=0.01, quantile=1.5)
    level = Decimal(100) * month.first_day.month
    write(lake, month.as_of, [row(customer, level=str(level + n)) for n, customer in enumerate(CUSTOMERS)])
    write_customers(lake, month.as_of, {name: {"country": HOSTILE} for name in CUSTOMERS})
    publish(database.writer, lake, as_of=month.as_of, run_id=run_id)
    write_days(lake, month, dict.fromkeys(CUSTOMERS[:2], str(level)))
    load_actuals(database.writer, lake, month, "EUR")
    measure_published(database.writer)
    return run_id


def page_of(database: Database, run_id: int, folder: Path) -> str:
    return write_page(database.writer, run_id, folder, PLACES).read_text(encoding="utf-8")


def test_the_page_has_its_place_by_month_and_run_and_the_same_bytes_each_time(
    shop: tuple[Database, list[int]], tmp_path: Path
) -> None:
    database, runs = shop
    path = write_page(database.writer, runs[3], tmp_path, PLACES)
    assert path == tmp_path / "months" / "2011-09" / f"run-{runs[3]}.html"
    first = path.read_bytes()
    assert write_page(database.writer, runs[3], tmp_path, PLACES).read_bytes() == first
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_the_page_tells_what_was_known_in_its_month(shop: tuple[Database, list[int]], tmp_path: Path) -> None:
    database, runs = shop
    page = page_of(database, runs[3], tmp_path)
    assert (
        "<h1>Customers are expected to bring EUR 211 thousand from October 2011 to September 2012, "
        "12.5 % more than forecast a month before.</h1>"
    ) in page
    assert "With a probability of 80 %, it will be between EUR" in page
    assert "The only forecast of 3 months whose months are over was" in page  # a later page knows more
    assert "The 3 forecasts of 3 months whose months are over were" in page_of(database, runs[5], tmp_path)


def test_everything_customers_are_grouped_by_has_a_table(shop: tuple[Database, list[int]], tmp_path: Path) -> None:
    database, runs = shop
    page = page_of(database, runs[5], tmp_path)
    with database.reader.connect() as connection:
        query = "SELECT DISTINCT segment_by FROM clv.forecast_total WHERE run_id = :run_id AND segment_by <> 'all'"
        known = set(connection.execute(text(query), {"run_id": runs[5]}).scalars())
    headings = re.findall(r"<h3>(.*): the next 12 months</h3>", page)
    assert known >= {"status", "tier", "country"}
    assert len(headings) == len(known)
    assert page.count("<svg") == 4


def test_the_page_tells_why_the_total_changed_and_who_changed_tier(
    shop: tuple[Database, list[int]], tmp_path: Path
) -> None:
    database, runs = shop
    page = page_of(database, runs[5], tmp_path)
    [total] = [row for row in fetch(database.writer, "bridge", run_id=runs[5]) if row["step"] == "end"]
    assert f"<td>This month</td><td>{total['net_value']:,.0f}</td><td>{total['net_value']:,.0f}</td>" in page
    assert "The total changed by +EUR 23.4 thousand since the month before. The largest reasons besides" in page
    assert "0 customers moved to a higher value tier and 0 to a lower one; 3 stayed." in page
    assert "there is no forecast of the month before to start from" in page_of(database, runs[0], tmp_path)


def test_the_page_tells_what_became_of_the_rows_and_of_the_rules(
    shop: tuple[Database, list[int]], tmp_path: Path
) -> None:
    database, runs = shop
    page = page_of(database, runs[5], tmp_path)
    assert "460 of 184,226 delivered rows (0.2 %) were rejected." in page
    assert "2 of 62 validation rules did not hold: 2 warnings." in page
    assert "<td>transactions</td><td>48,210</td><td>47,762</td><td>448</td><td>0.93 %</td><td>0.93 %</td>" in page
    assert '<td>unreadable time</td><td class="text">transactions</td><td>96</td><td>0.20 %</td>' in page
    assert "<td>inputs</td><td>22</td><td>20</td><td>2</td><td>0</td>" in page
    assert '<td class="text">1,204,311.20</td>' in page
    earlier = page_of(database, runs[3], tmp_path)
    assert "<td>customers</td><td>5,012</td><td>5,000</td><td>12</td>" in earlier, "the run that read the month last"
    assert "Nothing is recorded of the validation." in earlier


def test_the_page_tells_what_has_drifted(shop: tuple[Database, list[int]], tmp_path: Path) -> None:
    database, runs = shop
    page = page_of(database, runs[5], tmp_path)
    told = "2 of 7 distributions differ markedly from the months that the model was trained on."
    assert page.count(told) == 2, "in short, and in its section"
    assert "<code>tenure_days</code></td><td>0.88</td><td>0.25</td>" in page
    assert "Compared with November 2010 to October 2011." in page
    assert "Drift was not measured: the log of the task publish.measure_drift says why." in page_of(
        database, runs[4], tmp_path
    )


def test_a_young_shop_is_told_that_drift_is_not_judged_yet(database: Database, lake: Lake, tmp_path: Path) -> None:
    run_id = published(database, lake, FIRST)
    record_drift(database, FIRST.as_of, reference_months=11)
    page = page_of(database, run_id, tmp_path)
    assert "Drift is not judged before the months of the training hold a year" in page
    assert '<td>0.88</td><td>–</td><td class="text">not judged</td>' in page
    assert "drifted</b>" not in page


def test_a_distribution_that_is_not_judged_yet_stands_beside_those_that_are(
    database: Database, lake: Lake, tmp_path: Path
) -> None:
    run_id = published(database, lake, FIRST)
    record_drift(database, FIRST.as_of, mix_months=2)
    page = page_of(database, run_id, tmp_path)
    assert "<code>tenure_days</code></td><td>0.88</td><td>0.25</td>" in page
    assert '<code>status</code></td><td>0.00</td><td>–</td><td class="text">not judged</td>' in page


def test_a_sound_month_says_that_nothing_was_rejected_broken_or_has_drifted(
    database: Database, lake: Lake, tmp_path: Path
) -> None:
    run_id = published(database, lake, FIRST)
    record_drift(database, FIRST.as_of, drifted=False)
    of_month = {"run_id": run_id, "table_name": "transactions", "month": FIRST.first_day}
    execute(database.writer, "record_ingested", **of_month, clean_rows=1_200, rejected_rows=0)
    record_validation(database, run_id)
    page = page_of(database, run_id, tmp_path)
    assert "All 1,200 delivered rows were clean. All 60 validation rules held." in page
    assert "No row was rejected." in page
    assert "None of 7 distributions differs markedly from the months that the model was trained on." in page
    assert "drifted</b>" not in page


def test_a_page_names_no_customer_and_loads_nothing(shop: tuple[Database, list[int]], tmp_path: Path) -> None:
    database, runs = shop
    page = page_of(database, runs[5], tmp_path)
    assert [customer for customer in CUSTOMERS if re.search(rf"\b{customer}\b", page)] == []
    assert re.findall(r"<(?:script|link|img|iframe|object)\b|\bsrc=|@import|url\((?!#)", page) == []
    assert HOSTILE not in page
    assert "&lt;script&gt;document.title=" in page


def test_the_gate_s_verdict_is_told(shop: tuple[Database, list[int]], tmp_path: Path) -> None:
    database, runs = shop
    make_champion(database, runs[5], 3, before=2)
    page = page_of(database, runs[5], tmp_path)
    assert [name for name, place in PLACES.items() if place in page] == ["Plots"], (
        "the others open on this machine only"
    )
    assert "Version 3 of the model made the forecast. It passed the gate and replaces the champion." in page
    assert "<li>wape 0.61 against opponent 0.64: passes" in page


def test_a_young_shop_has_an_outlook_and_no_record_yet(database: Database, lake: Lake, tmp_path: Path) -> None:
    page = page_of(database, published(database, lake, FIRST), tmp_path)
    assert "No forecast can be compared with what came yet: the first one can once July 2011 is over." in page
    assert " a month before.</h1>" not in page
    assert page.count("<svg") == 1


def test_a_withdrawn_month_is_said_to_be_withdrawn(database: Database, lake: Lake, tmp_path: Path) -> None:
    first, second = (published(database, lake, FIRST.plus(number)) for number in range(2))
    withdraw(database.owner, FIRST, by="a test", because="to see")
    page = page_of(database, first, tmp_path)
    assert "<h1>Readers see no forecast of this run: it is withdrawn.</h1>" in page
    assert "<h2>Outlook</h2>" not in page
    assert " a month before.</h1>" not in page_of(database, second, tmp_path)


def test_a_run_that_published_nothing_has_a_page_that_says_so(database: Database, tmp_path: Path) -> None:
    page = page_of(database, plan(database.writer, FIRST.as_of), tmp_path)
    assert "<h1>Readers see no forecast of this run: it is running.</h1>" in page
    assert "No model version is recorded." in page


def test_an_unknown_run_is_refused(database: Database, tmp_path: Path) -> None:
    with pytest.raises(UnknownRunError, match="there is no run 4711"):
        write_page(database.writer, 4711, tmp_path, PLACES)


@pytest.mark.skipif(browser_path() is None, reason="there is no Chromium")
@pytest.mark.browser
def test_the_page_opens_without_the_internet_and_without_an_error(
    shop: tuple[Database, list[int]], tmp_path: Path
) -> None:
    database, runs = shop
    path = write_page(database.writer, runs[5], tmp_path, PLACES)
    pictures = Path(os.environ.get("CLV_PICTURES", tmp_path))
    problems: list[str] = []
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1100, "height": 1400}, offline=True)
        view = context.new_page()
        view.on("console", lambda message: problems.append(message.text))
        view.on("pageerror", lambda error: problems.append(str(error)))
        view.on("request", lambda request: asked.append(request.url))
        view.goto(path.as_uri())
        assert view.title() == "Customer value 2011-11"
        assert view.locator("figure svg").count() == 4
        view.screenshot(path=pictures / "month_page.png")
        browser.close()
    assert (problems, asked) == ([], [path.as_uri()])
