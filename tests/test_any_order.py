"""The same month, the same bytes: in whatever order months are run, and whatever was delivered in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from jobs.core.month import Month
from jobs.landing.layouts import SUCCESS
from jobs.simulation.deliveries import Shop
from jobs.simulation.shop import simulate
from jobs.sources import load
from jobs.sources.mapping import RowRule, Source
from tests.conftest import Database, Postgres, emptied_registry
from tests.months import Months
from tests.snapshots import QUICK

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("spark")]

SHOP = Shop(customers=150, months=11, seed=5, end=Month(2011, 11))
MONTHS = Month(2011, 6).through(SHOP.end)


@pytest.fixture
def start(
    postgres: Postgres,
    migrated_template: str,
    mlflow_server: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Months]:
    """Start with an empty lake, an empty database and no model: `start(name, source, landing)`."""
    for module in ("jobs.train", "jobs.models.promotion"):
        monkeypatch.setattr(f"{module}.params_of", lambda *_, **__: QUICK)

    def started(name: str, source: str, landing: Path) -> Months:
        database = postgres.create_database(template=migrated_template)
        roles = ("postgres", "clv_writer", "clv_reader")
        urls = Database(*(postgres.url(role, database) for role in roles))
        emptied_registry(mlflow_server, urls)
        settings = {
            "CLV_SOURCE": source,
            "CLV_LANDING": str(landing),
            "CLV_LAKE": str(tmp_path / name / "lake"),
            "CLV_REPORTS": str(tmp_path / name / "reports"),
            "CLV_DATABASE_URL": urls.writer_url,
            "MLFLOW_TRACKING_URI": mlflow_server,
        }
        for variable, value in settings.items():
            monkeypatch.setenv(variable, value)
        return Months(urls, capsys)

    return started


def test_online_retail_ii_in_random_order_is_what_it_is_in_straight_order(
    start: Callable[..., Months], online_retail_ii: Path, tmp_path: Path
) -> None:
    """Its last twelve months, of every tenth customer."""
    rows = pq.read_table(online_retail_ii)
    landing = tmp_path / "sample.parquet"
    ids = rows["Customer ID"]
    pq.write_table(rows.filter(pc.equal(pc.multiply(pc.divide(ids, 10), 10), ids)), landing)
    months = Month(2010, 12).through(Month(2011, 11))
    straight = start("straight", "online_retail_ii", landing)
    expected = {month: straight.run(month) for month in months}
    shuffled = start("shuffled", "online_retail_ii", landing)
    for month in np.random.default_rng(3).permutation(np.array(months, dtype=object)):
        shuffled.run(month)
    assert shuffled.hashes() == expected
    assert "kept_previous" in shuffled.decisions()


Step = Callable[[], object]


@pytest.mark.parametrize("seed", [1])
def test_a_month_is_the_same_in_whatever_order_things_happen(
    start: Callable[..., Months], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """First runs, backfills, reruns, late lists and a change of the mapping; then every month once more, and again."""
    rng = np.random.default_rng(seed)
    simulate(SHOP, tmp_path / "landing")
    straight = start("straight", "simulated_shop", tmp_path / "landing")
    expected = {month: straight.run(month) for month in MONTHS}

    shuffled = start("shuffled", "simulated_shop", tmp_path / "landing")
    lists = tmp_path / "landing" / "customers"
    late = [month for month in SHOP.first.through(SHOP.end) if rng.random() < 0.4]
    for month in late:
        (lists / f"month={month}" / SUCCESS).unlink()
    other = replace(load("simulated_shop"), rules=(RowRule(reason="dear", when="net_value > 200"),))

    def use(mapping: Source) -> None:
        for program in ("plan", "ingest"):
            monkeypatch.setattr(f"jobs.{program}.load", lambda _, basis: mapping.on(basis))

    steps: list[Step] = [partial(shuffled.run, month, "--restate", "accept") for month in [*MONTHS, *MONTHS[::2]]]
    steps += [partial((lists / f"month={month}" / SUCCESS).touch) for month in late]
    steps += [partial(use, other)]
    for step in rng.permutation(np.array(steps, dtype=object)):
        step()
    use(load("simulated_shop"))
    for month in rng.permutation(np.array(MONTHS, dtype=object)):
        shuffled.run(month, "--restate", "accept")
    assert shuffled.hashes() == expected

    before = contents(tmp_path / "shuffled" / "lake")
    for month in rng.permutation(np.array(MONTHS, dtype=object)):
        shuffled.run(month)
    assert shuffled.hashes() == expected
    assert contents(tmp_path / "shuffled" / "lake") == before


def contents(lake: Path) -> dict[str, int]:
    """Every data file of the lake → when it was written; without validations, of which every run leaves its own."""
    files = (path for path in lake.rglob("*.parquet") if "_delta_log" not in path.parts)
    return {str(path): path.stat().st_mtime_ns for path in files if lake / "validation" not in path.parents}
