"""What a newcomer does: opens the reference page, pastes a key, and sends the three rows that it proposes."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.end_to_end.operator import browser_path
from tests.service.running import Service

PICTURE = "service_forecast.png"


@pytest.mark.browser
def test_three_rows_sent_from_the_page_give_a_forecast(service: Service, caller: str, tmp_path: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1000, "height": 1400})
        problems: list[str] = []
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.goto(f"{service.address}/docs")
        form = page.locator("form[data-path='v1/forecasts']")
        answer = form.locator("xpath=following-sibling::pre[1]")
        form.get_by_label("API key").fill("clv_wrong")
        form.get_by_role("button", name="Send").click()
        expect(answer).to_contain_text("401")
        form.get_by_label("API key").fill(caller)
        form.get_by_role("button", name="Send").click()
        expect(answer).to_contain_text('"p_active_12m"')
        assert answer.inner_text().startswith("200\n")
        page.locator("h2", has_text="POST /v1/forecasts").evaluate("heading => heading.scrollIntoView()")
        page.screenshot(path=tmp_path / PICTURE)
        browser.close()
    assert [problem for problem in problems if "401" not in problem] == []
