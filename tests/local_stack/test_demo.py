"""The run ids of `make run`."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.local_stack.airflow_api import AirflowApi
from jobs.local_stack.demo import free_run_id, last_month
from jobs.local_stack.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A shop that has delivered October and half of November."""
    for month in ("2011-10", "2011-11"):
        folder = tmp_path / "landing" / "transactions" / f"month={month}"
        folder.mkdir(parents=True)
        (folder / "part.csv").write_text("customer_id\n7\n", encoding="utf-8")
    (tmp_path / "landing" / "transactions" / "month=2011-10" / "_SUCCESS").touch()
    return Home(folder=tmp_path / "home", source="simulated_shop", landing=tmp_path / "landing")


def test_a_run_without_a_month_is_of_the_last_one_delivered(home: Home) -> None:
    assert last_month(home) == "2011-10"


def test_a_shop_that_cannot_be_read_leaves_the_refusal_to_the_plan(home: Home, tmp_path: Path) -> None:
    assert last_month(Home(folder=home.folder, source="simulated_shop", landing=tmp_path / "nothing")) is None
    assert last_month(Home(folder=home.folder, source="no_such_shop", landing=home.landing)) is None


class _Runs(AirflowApi):
    """An Airflow that has these runs."""

    runs: tuple[str, ...] = ("run__2011-10__1", "run__2011-11__1", "run__2011-11__2")

    def exists(self, path: str) -> bool:
        return path.removeprefix("/dags/clv_monthly/dagRuns/") in self.runs


def test_the_id_of_a_run_shows_its_month_and_is_new() -> None:
    api = _Runs("http://127.0.0.1:9", "admin", "")
    assert [free_run_id(api, month) for month in ("2011-11", "2011-12")] == ["run__2011-11__3", "run__2011-12__1"]
