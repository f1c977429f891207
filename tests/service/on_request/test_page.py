"""What a newcomer does: opens the reference page, pastes a key, and sends the three rows that it proposes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.end_to_end.operator import browser_path
from tests.service.running import Service

PICTURE = "service_forecast.png"


@pytest.mark.browser
def test_three_rows_sent_from_the_page_give_a_forecast(service: Service, caller: str, tmp_path: Path) -> None:
    pictures = Path(os.environ.get("CLV_PICTURES", tmp_path))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1200, "height": 1500})
        problems: list[str] = []
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.goto(f"{service.address}/docs")
        page.get_by_role("button", name="Authorize").first.click()
        page.get_by_label("auth-bearer-value").fill(caller)
        page.get_by_role("button", name="Apply credentials").click()
        page.get_by_role("button", name="Close").click()
        call = page.locator("[id^='operations-forecasts-forecasts_now']")
        call.locator(".opblock-summary-control").click()
        call.get_by_role("button", name="Execute").click()
        answer = call.locator(".live-responses-table")
        expect(answer).to_contain_text('"p_active_12m"')
        expect(answer.locator(".response-col_status").last).to_have_text("200")
        call.locator(".curl-command").evaluate("element => element.remove()")  # it shows the key
        call.evaluate("element => element.scrollIntoView()")
        page.screenshot(path=pictures / PICTURE)
        browser.close()
    assert problems == []
