"""A month is published again and again while it is looked up: no answer mixes two publications."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Connection

from jobs.lake.lake import Lake
from jobs.service import forecasts, publications
from jobs.service.publications import PublishedMonth
from tests.conftest import Database
from tests.forecasts import CUSTOMERS, DECEMBER, NOVEMBER, publish_new_run
from tests.service.running import Service, serving

PUBLICATIONS = 15
LOOKERS = 4


def level_of(total: str) -> int:
    """`row` is worth 78 times its level in twelve months."""
    level, remainder = divmod(int(float(total)), 78)
    assert remainder == 0
    return level


def looked_up(service: Service, key: str, stop: threading.Event) -> list[tuple[int, int, int, int]]:
    """(run, level, version, publication) of each answer to one customer's forecast, and of whole pages."""
    found = []
    while not stop.is_set():
        one = service.get(f"/v1/customers/{CUSTOMERS[0]}/forecast", key).json()
        levels = {int(float(month["expected_net_value"])) // n for n, month in enumerate(one["months"], start=1)}
        assert levels == {level_of(one["total"])}
        facts = (one["publication"]["run_id"], levels.pop(), one["model"]["version"])
        found.append((*facts, one["publication"]["publication_id"]))
        page = service.get("/v1/customers", key).json()
        seen = {(level_of(customer["clv_12m"]), customer["model_version"]) for customer in page["customers"]}
        assert len(seen) == 1
        found.append((page["publication"]["run_id"], *seen.pop(), page["publication"]["publication_id"]))
    return found


def test_no_answer_mixes_two_publications(database: Database, tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    publish_new_run(database, lake, NOVEMBER, level="1.00", model_version=1)
    published: dict[int, tuple[int, int]] = {}
    stop = threading.Event()
    with serving(database, requests_per_second=10_000, burst=10_000) as service, ThreadPoolExecutor() as pool:
        key = service.key("reader", "read")
        run_id = publish_new_run(database, lake, DECEMBER, level="1.00", model_version=1)
        published[run_id] = (1, 1)
        lookers = [pool.submit(looked_up, service, key, stop) for _ in range(LOOKERS)]
        try:
            for number in range(2, PUBLICATIONS + 1):
                run_id = publish_new_run(database, lake, DECEMBER, level=f"{number}.00", model_version=number)
                published[run_id] = (number, number)
        finally:
            stop.set()
        answers = [answer for looker in lookers for answer in looker.result()]
    assert {run for run, *_ in answers} <= set(published)
    assert all((level, version) == published[run] for run, level, version, _ in answers)
    assert len({publication for *_, publication in answers}) > 1, "nothing was published while they looked"
    by_run = {(run, publication) for run, _, _, publication in answers}
    assert len(by_run) == len({run for run, _ in by_run})


def test_a_statement_after_the_publication_was_read_sees_no_newer_rows(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A month is published exactly between the two statements of a lookup."""
    lake = Lake(str(tmp_path / "lake"))
    first = publish_new_run(database, lake, DECEMBER, level="1.00", model_version=1)
    read = publications.published_month

    def then_publish(connection: Connection, as_of: date | None) -> PublishedMonth:
        month = read(connection, as_of)
        publish_new_run(database, lake, DECEMBER, level="2.00", model_version=2)
        return month

    with serving(database) as service:
        key = service.key("reader", "read")
        monkeypatch.setattr(forecasts, "published_month", then_publish)
        answer = service.get(f"/v1/customers/{CUSTOMERS[0]}/forecast", key).json()
        assert (answer["publication"]["run_id"], answer["total"], answer["model"]["version"]) == (first, "78.00", 1)
        monkeypatch.setattr(forecasts, "published_month", read)
        answer = service.get(f"/v1/customers/{CUSTOMERS[0]}/forecast", key).json()
        assert (answer["total"], answer["model"]["version"]) == ("156.00", 2)
