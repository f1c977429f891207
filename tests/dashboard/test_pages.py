"""The dashboards in a real Superset, seen in Chromium: every chart has data, and none shows an error."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import URL

from jobs.dashboard import assets
from jobs.local_stack import dashboard
from jobs.local_stack.ports import LOOPBACK
from tests.dashboard.months import published_months
from tests.end_to_end.operator import browser_path

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(browser_path() is None, reason="no Chromium on this machine: apt-get install chromium"),
    pytest.mark.skipif(not dashboard.PYTHON.is_file(), reason="no Superset: make dashboard/.venv/requirements.lock"),
]

SECRET = {"dashboard_key": "a key of the test, long enough to sign with", "dashboard_password": "of-the-test"}
READER_PASSWORD = "reader-of-the-test"
TIMEOUT_MS = 120_000


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    with published_months(tmp_path_factory.mktemp("shop"), READER_PASSWORD) as url:
        yield url


@pytest.fixture(scope="module")
def address(reader: URL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("superset")
    environment = dashboard.superset_environment(folder, SECRET, os.environ)
    dashboard.provision(folder, reader, environment)
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port = str(probe.getsockname()[1])
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(dashboard.server(port), env=environment, cwd=folder, stdout=log, stderr=log)
    try:
        wait(f"http://{LOOPBACK}:{port}/health")
        yield f"http://{LOOPBACK}:{port}"
    finally:
        server.terminate()
        server.wait(timeout=60)
        shutil.rmtree(folder)


def wait(url: str) -> None:
    deadline = time.monotonic() + TIMEOUT_MS / 1000
    while time.monotonic() < deadline:
        try:
            if requests.get(url, timeout=5).ok:
                return
        except requests.RequestException:
            time.sleep(0.5)
    pytest.fail("Superset did not start")


@pytest.fixture(scope="module")
def page(address: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser: Browser = playwright.chromium.launch(executable_path=browser_path(), args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": 1500, "height": 1250}).new_page()
        page.set_default_timeout(TIMEOUT_MS)
        page.goto(f"{address}/login/")
        page.fill("#username, input[name=username]", dashboard.ADMIN)
        page.fill("#password, input[name=password]", SECRET["dashboard_password"])
        page.keyboard.press("Enter")
        page.wait_for_url("**/welcome/**")
        yield page
        browser.close()


@pytest.mark.parametrize("slug", list(assets.pages()))
def test_every_chart_of_a_page_has_data_and_none_shows_an_error(page: Page, address: str, slug: str) -> None:
    declared = assets.pages()[slug]
    charts = [chart for row in declared["rows"] for chart in row]
    page.goto(f"{address}/superset/dashboard/{slug}/?standalone=2")
    for chart in charts:
        # A chart is made once it is scrolled to.
        holder = page.locator(".dashboard-component-chart-holder", has_text=chart["name"]).first
        holder.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelectorAll('.loading').length === 0")
    page.wait_for_timeout(2_000)
    for chart in charts:
        holder = page.locator(".dashboard-component-chart-holder", has_text=chart["name"]).first
        shown = holder.inner_text()
        assert "error" not in shown.lower(), f"{chart['name']}: {shown}"
        assert ("No results" in shown) == bool(chart.get("empty")), f"{chart['name']}: {shown}"


def test_a_customer_is_found(page: Page, address: str) -> None:
    page.goto(f"{address}/superset/dashboard/customers/?standalone=2")
    row = page.locator(".dashboard-component-chart-holder", has_text="The customer").first.locator("tbody tr")
    page.wait_for_function("document.querySelectorAll('.loading').length === 0")
    expect(row).to_have_count(1, timeout=TIMEOUT_MS)
    page.locator(".ant-select", has_text="c000").first.click()
    page.keyboard.type("c042")
    page.locator(".ant-select-item-option", has_text="c042").first.click()
    page.get_by_role("button", name="Apply filters").click()
    expect(row.first).to_contain_text("c042", timeout=TIMEOUT_MS)
    expect(row).to_have_count(1)
