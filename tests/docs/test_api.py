"""The examples of docs/api.md say what a running service answers."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jobs.cleaning.row_values import LONGEST_TEXT
from jobs.features.rfm_cuts import NONE
from jobs.service.keyed_route import KeyedRoute
from jobs.service.on_request.body import MOST_CUSTOMERS, MOST_ROWS
from jobs.service.on_request.live_model import LiveModel
from jobs.service.on_request.route import MOST_BYTES
from jobs.service.settings import AirflowAccess, ServiceSettings
from jobs.service.totals import MOST_BYTES as MOST_BYTES_OF_IDS
from jobs.service.totals import MOST_IDS
from jobs.sources import load
from tests.conftest import ROOT, Database
from tests.forecasts import DECEMBER, row
from tests.service.airflow_stub import airflow_stub
from tests.service.conftest import published
from tests.service.on_request.champions import Fixed
from tests.service.running import Service, serving

__all__ = ["published"]

PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```sh (\w+)$", PAGE, flags=re.MULTILINE)

TIME = re.compile(r'"\d{4}-\d{2}-\d{2}T[^"]+"')
"""When something was published, decided or queued: the page shows any time."""


class Forecaster:
    """Forecasts everybody alike, so that the page can show it; what the real one says is tested with the service."""

    as_of = DECEMBER
    encoder = SimpleNamespace(first_month="2010-12")

    def predict_rows(self, rows: list[dict], *, as_of: date) -> list[dict]:
        return [row(customer["customer_id"]) for customer in rows]


MODEL = LiveModel(
    version=3,
    forecaster=Forecaster(),
    source=load("simulated_shop"),
    products={},
    cuts={DECEMBER: NONE},
    state=("3",),
)


def example(language: str, name: str) -> str:
    """The page's code block of that language and name."""
    block = re.search(rf"^```{language} {name}\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert block, f"the page has no block {language} {name}"
    return block[1]


@pytest.fixture(scope="module")
def service(published: Database) -> Iterator[Service]:
    with airflow_stub() as airflow:
        access = AirflowAccess(address=airflow.address, user="api", password="right")
        with serving(published, airflow=access, live_champion=Fixed(MODEL)) as running:
            yield running


@pytest.fixture(scope="module")
def environment(service: Service) -> dict[str, str]:
    keys = {"CLV_KEY": service.key("reader", "read", "forecast"), "CLV_OPERATOR_KEY": service.key("nightly", "operate")}
    return os.environ | {"CLV_API": service.address, "no_proxy": "127.0.0.1"} | keys


def answer_to(name: str, environment: dict[str, str]) -> Any:
    command = ["bash", "-euc", example("sh", name)]
    return json.loads(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)


def timeless(content: Any) -> Any:
    return json.loads(TIME.sub('"a time"', json.dumps(content)))


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name != "follow"])
def test_an_example_with_curl_is_answered_as_the_page_shows(name: str, environment: dict[str, str]) -> None:
    assert timeless(answer_to(name, environment)) == timeless(json.loads(example("json", name)))


def test_a_run_is_followed_as_the_page_says(environment: dict[str, str]) -> None:
    answer_to("run", environment)
    followed = answer_to("follow", environment)
    assert {"state", "note", "tasks", "failures", "planned"} <= set(followed)


def test_the_example_in_python_prints_what_the_page_shows(
    service: Service, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    names = {"address": service.address, "key": environment["CLV_KEY"]}
    exec(compile(example("python", "client"), "docs/api.md", "exec"), names)
    assert capsys.readouterr().out == example("text", "client")


def test_every_kind_of_problem_is_in_the_table() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in Path(ROOT, "jobs/service").rglob("*.py"))
    kinds = set(re.findall(r'(?:Problem\(\s*(?:\d+|\w+(?:\.\w+)?),\s*)"([a-z-]+)"', text))
    rows = "".join(line for line in PAGE.splitlines() if re.match(r"\| [45]\d\d", line))
    assert kinds == set(re.findall(r"`([a-z-]+)`", rows))


def test_the_limits_are_those_of_the_service() -> None:
    usual = ServiceSettings(database_url="x")
    said = (
        f"more than {usual.requests_per_second:g} requests a second for long, or {usual.burst} at once",
        f"a body over {KeyedRoute.body_bytes // 1024} KiB ({MOST_BYTES_OF_IDS // 1024} KiB for totals, "
        f"{MOST_BYTES // 2**20} MiB for forecasts); "
        f"path, query and headers over {usual.head_bytes // 1024} KiB",
        f"{usual.strangers_burst} at once, {usual.strangers_per_second:g} a second for long",
        f"{usual.request_seconds:g} s were not enough",
        f"was not there within {usual.body_seconds:g} s",
        f"keeps {usual.connections} connections at most",
        f"{usual.under_way} requests are under way, or one waited for {usual.wait_seconds:g} s "
        f"to be one of the {usual.in_flight} that are answered at once",
        f"refuses one within {usual.key_seconds:g} s",
        f"1 request for forecasts is being computed and {usual.forecasts_waiting} wait",
        f"a text {LONGEST_TEXT:,} characters",
        f"by their ids, {MOST_IDS:,} at most",
        f"1 to {MOST_CUSTOMERS:,} customers, {MOST_ROWS:,} rows and {MOST_BYTES // 2**20} MiB",
    )
    flat = " ".join(PAGE.split())
    assert [text for text in said if text not in flat] == []
