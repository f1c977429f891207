"""What an operator does in Airflow's UI, in a headless browser."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, expect, sync_playwright

from jobs.core.month import Month
from jobs.local_stack.airflow_config import ADMIN
from jobs.local_stack.stack import Stack
from jobs.local_stack.start import DAG

PATIENCE_MILLISECONDS = 60_000
RUN_SECONDS = 1_800.0

MISSING, MISSING_AND_ERRORED, ALL = "Missing Runs", "Missing and Errored Runs", "All Runs"


def browser_path() -> str | None:
    """Where the system's Chromium is; None where there is none."""
    actual = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return next((path for path in actual if path), None)


@contextmanager
def signed_in(stack: Stack, pictures: Path) -> Iterator[Operator]:
    """An operator who has signed in and looks at the DAG; the pictures taken go to a folder."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1360, "height": 860}, timezone_id="UTC")
        page.set_default_timeout(PATIENCE_MILLISECONDS)
        page.goto(f"{stack.airflow_url}/dags/{DAG}")
        page.get_by_label("Username").fill(ADMIN)
        page.get_by_label("Password").fill(stack.admin_password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"**/dags/{DAG}*")
        yield Operator(stack, page, pictures)
        browser.close()


@dataclass
class Operator:
    """Somebody who knows the UI and nothing else."""

    stack: Stack
    page: Page
    pictures: Path

    def open(self, path: str = "") -> None:
        """Open a page of the DAG."""
        self.page.goto(f"{self.stack.airflow_url}/dags/{DAG}{path}")

    def take_picture(self, name: str) -> None:
        """Keep what is on the screen."""
        self.page.screenshot(path=self.pictures / f"ui_{name}.png", animations="disabled")

    def docs(self) -> str:
        """What the DAG's documentation says."""
        self.open()
        self._button("Dag Docs").click()
        text = self._dialog().inner_text()
        self.take_picture("docs")
        return text

    def graph(self, run_id: str) -> str:
        """What the graph of a run shows, with all its groups open."""
        usual = self.page.viewport_size
        assert usual is not None
        self.page.set_viewport_size({"width": 2000, "height": 640})
        self.open(f"/runs/{run_id}")
        for button in ("Show Graph", "Expand all task groups", "Collapse Details Panel"):
            self._button(button).click()
        shown = self.page.locator(".react-flow__nodes")
        expect(shown).to_contain_text("measure_accuracy", timeout=PATIENCE_MILLISECONDS)
        self._button("Fit View").click()
        self.page.wait_for_load_state("networkidle")
        self.take_picture("graph")
        text = shown.inner_text()
        for button in ("Show Grid", "Collapse all task groups"):
            self._button(button).click()
        self.page.set_viewport_size(usual)
        return text

    def unpause(self) -> None:
        """Let the calendar start runs."""
        self.open()
        with self.page.expect_response(lambda answer: answer.request.method == "PATCH"):
            self.page.get_by_test_id("toggle-pause").first.click()

    def trigger(self, month: Month) -> str:
        """Trigger a month with the form; the id of its run."""
        form = self._form()
        form.locator("input[name=element_month]").fill(str(month))
        self.take_picture("trigger")
        with self.page.expect_response(lambda answer: answer.url.endswith(f"/dags/{DAG}/dagRuns")) as answer:
            form.get_by_role("button", name="Trigger", exact=True).click()
        return str(answer.value.json()["dag_run_id"])

    def count_backfill(self, first: Month, last: Month, reprocess: str) -> str:
        """Fill in the form of a backfill; what it says that it would start."""
        form = self._form()
        form.get_by_text("Backfill", exact=True).click()
        form.get_by_text(reprocess, exact=True).click()
        self._pick(form, first)
        with self.page.expect_response("**/backfills/dry_run"):
            self._pick(form, last)
        announced = form.get_by_text(re.compile(r"runs? will be triggered|No runs", re.IGNORECASE))
        expect(announced).to_be_visible(timeout=PATIENCE_MILLISECONDS)
        return announced.inner_text()

    def start_backfill(self) -> None:
        """Start the backfill whose form has been filled in."""
        self.take_picture("backfill")
        with self.page.expect_response(lambda answer: answer.url.endswith("/backfills")) as answer:
            self._dialog().get_by_role("button", name="Run Backfill").click()
        assert answer.value.ok, answer.value.text()

    def clear(self, run_id: str) -> None:
        """Clear every task of a run."""
        self.open(f"/runs/{run_id}")
        self._button("Press shift+c to clear").click()
        dialog = self._dialog()
        dialog.get_by_text("Clear existing tasks", exact=True).click()
        self.take_picture("clear")
        with self.page.expect_response(lambda answer: answer.url.endswith("/clear")):
            dialog.get_by_role("button", name="Confirm").click()

    def wait_for_end(self, run_id: str) -> str:
        """Look at a run once it has ended; the state that its page shows.

        Until then no page is open: one that follows a run takes half a core.
        """
        self.page.goto("about:blank")
        deadline, api = time.monotonic() + RUN_SECONDS, self.stack.api()
        while api.get(f"/dags/{DAG}/dagRuns/{run_id}")["state"] not in ("success", "failed"):
            assert time.monotonic() < deadline, run_id
            time.sleep(0.5)
        self.open(f"/runs/{run_id}")
        state = self.page.get_by_test_id("state-badge").first
        expect(state).to_have_text(re.compile("Success|Failed"), timeout=PATIENCE_MILLISECONDS)
        self.take_picture("run")
        return state.inner_text()

    def note(self, run_id: str) -> str:
        """The note of a run."""
        self.open(f"/runs/{run_id}")
        self._button("Edit note").click()
        text = self._dialog().inner_text()
        self.take_picture("note")
        return text

    def _form(self) -> Locator:
        self.open()
        self._button("Trigger Dag").click()
        return self._dialog()

    def _pick(self, form: Locator, month: Month) -> None:
        form.get_by_text("Select date and time").first.click()
        picker = self._dialog()
        picker.get_by_placeholder("YYYY/MM/DD").fill(month.first_day.strftime("%Y/%m/%d"))
        picker.get_by_placeholder("HH:mm").fill("00:00")
        self.page.keyboard.press("Escape")

    def _button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name).first

    def _dialog(self) -> Locator:
        return self.page.get_by_role("dialog").last
