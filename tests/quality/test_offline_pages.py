"""The Data Docs in Chromium without a network: rows, statuses, links and what collapses."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import expect, sync_playwright

from expectations.rules import named_suite, total
from jobs.quality.findings import DATA_DOCS
from jobs.quality.offline_pages import offline
from jobs.quality.runner import Check, run_checks
from tests.end_to_end.operator import browser_path

REMOTE = re.compile(r"(?:src|href)=\"https?://[^\"]*\"|url\([^)]*https?://[^)]*\)")


def validated(reports: Path) -> Path:
    """The site after two runs: one that holds, one that does not."""
    for run_id, rows in ((1, 1.0), (2, 9.0)):
        rule = total("few", "rows", high=5, says="few rows", because="it is", severity="critical")
        check = Check(
            suite=named_suite("sums", "sums", [rule]), frame=pd.DataFrame([{"rows": rows}]), keys=(), place=""
        )
        run_checks([check], as_of=date(2011, 12, 1), run_id=run_id, reports=reports)
    return reports / DATA_DOCS


def test_no_page_loads_anything_from_elsewhere(tmp_path: Path) -> None:
    site = validated(tmp_path)
    pages = sorted(site.rglob("*.html"))
    assert len(pages) == 4
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert [link for link in REMOTE.findall(text) if "greatexpectations.io" not in link] == [], page
        own = re.findall(r"(?:src|href)=\"([^\"]*static/offline/[^\"]*)\"", text)
        assert len(own) == 6
        assert all((page.parent / link).is_file() for link in own)


def test_a_page_is_rewritten_once() -> None:
    page = '<head><script src="https://elsewhere/a.js"></script>\n</head>'
    assert offline(offline(page, "static"), "static") == offline(page, "static")


@pytest.mark.skipif(browser_path() is None, reason="no Chromium on this machine: apt-get install chromium")
def test_the_index_shows_rows_and_statuses_without_a_network(tmp_path: Path) -> None:
    site = validated(tmp_path)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=["--no-sandbox"])
        page = browser.new_page()
        page.context.set_offline(True)
        asked: list[str] = []
        errors: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto((site / "index.html").as_uri())
        rows = page.locator("#Validation-Results tbody tr")
        expect(rows).to_have_count(2)
        assert sorted(text.split()[0] for text in rows.all_inner_texts()) == ["Failed", "Success"]
        page.locator("#Validation-Results input").fill("run_2")
        expect(rows.filter(visible=True)).to_have_count(1)
        rows.filter(visible=True).first.locator("td").nth(2).click()
        page.wait_for_url("**/validations/sums/2011-12-01_run_2/**")
        expect(page.get_by_text("few rows").first).to_be_visible()
        page.get_by_text("Show more info...").click()
        expect(page.locator(".collapse.show").first).to_be_visible()
        assert errors == []
        assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
        browser.close()
