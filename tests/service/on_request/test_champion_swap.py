"""The champion is read from MLflow, checked against its hash, and swapped; what cannot be loaded leaves the old one."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import text

from jobs.core.refusal import RefusedError
from jobs.forecasting.forecaster import JSON_FILE, Forecaster
from jobs.lake.lake import Lake
from jobs.models.model_version import Training
from jobs.models.registry import Registry
from jobs.service.on_request.champion_reader import MLFLOW_CLIENT, ServiceChampion, _source
from jobs.service.on_request.keeper import Kept, ModelKeeper
from jobs.service.on_request.live_model import LiveModel, ModelSource, NotUsableError, State
from jobs.service.on_request.worker import Worker
from jobs.service.settings import ModelAccess
from jobs.sources import load
from jobs.sources.mapping import RowRule
from tests.conftest import Database, emptied_registry
from tests.golden_month.golden import AS_OF
from tests.golden_month.raw import SOURCE, RawShop
from tests.models.test_registry import ORIGIN
from tests.service.on_request.champions import Fixed, Restless, on_request, until
from tests.service.on_request.lake import write_products
from tests.service.on_request.test_equality import ask
from tests.service.on_request.test_honesty import LINE, customer
from tests.service.running import serving
from tests.snapshots import write_snapshots

Register = Callable[[Forecaster], int]


@pytest.fixture
def registry(mlflow_server: str, database: Database) -> Registry:
    return emptied_registry(mlflow_server, database)


@pytest.fixture
def register(registry: Registry, frames: dict) -> Register:
    """Registers a version and makes it the champion."""

    def registered(forecaster: Forecaster) -> int:
        example = frames[AS_OF].head(2)
        training = Training(forecaster=forecaster, backtest=None, params={}, metrics={}, figures={}, example=example)
        number = registry.register(training, ORIGIN)
        registry.alias("champion", number)
        return number

    return registered


@pytest.fixture
def source(registry: Registry, database: Database, lake: Lake, shop: RawShop) -> ModelSource:
    """What a service reads, as the role that it has."""
    for month, listed in shop.lists.items():
        write_products(lake, month, listed)
    return ModelSource(Registry(registry.tracking_uri, database.api), lake, SOURCE)


@pytest.fixture
def keeper(source: ModelSource, database: Database) -> Iterator[ModelKeeper]:
    """A keeper that reads the same in a process of its own."""
    access = ModelAccess(source="simulated_shop", lake=source.lake.root, tracking_uri=source.registry.tracking_uri)
    champion = ServiceChampion(access, database.api_url)
    keeper = ModelKeeper(champion, Worker(waiting=1), seconds=60, request_seconds=60)
    yield keeper
    keeper.stop()


def test_looks_keep_one_connection_with_the_limits_of_the_service(database: Database, tmp_path: Path) -> None:
    access = ModelAccess(source="simulated_shop", lake=tmp_path, tracking_uri="http://127.0.0.1:9")
    engine = _source(access, database.api_url).registry.database
    shown = ("application_name", "default_transaction_read_only", "statement_timeout")
    with engine.connect() as connection:
        settings = [connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in shown]
    assert settings == ["clv-service", "on", "5s"]
    assert engine.pool.checkedin() == 1  # type: ignore[attr-defined]
    engine.dispose()


def test_what_is_seen_changes_with_the_alias_and_with_nothing_else(
    source: ModelSource, register: Register, forecaster: Forecaster, frames: dict, shop: RawShop
) -> None:
    assert source.seen() is None
    with pytest.raises(NotUsableError, match="no version is the champion"):
        source.read()
    first = register(forecaster)
    live = source.read()
    assert (live.version, live.newest, live.products) == (first, AS_OF, shop.lists)
    assert live.forecaster.predict(frames[AS_OF]).equals(forecaster.predict(frames[AS_OF]))
    assert source.seen() == live.state
    second = register(forecaster)
    assert source.seen() != live.state
    assert source.read().version == second


def test_later_snapshots_bring_the_quintiles_of_their_day(
    source: ModelSource, register: Register, forecaster: Forecaster, shop: RawShop, lake: Lake
) -> None:
    register(forecaster)
    before = source.seen()
    later = AS_OF.replace(year=2012, month=1)
    write_snapshots(lake, {later: pd.DataFrame(shop.snapshot(AS_OF)).assign(orders_365d=7)})
    assert source.seen() != before
    live = source.read()
    assert live.newest == later
    assert live.cuts_as_of(later).orders_365d == (7.0,) * 4
    assert live.cuts_as_of(AS_OF) == forecaster.rfm_cuts


def test_a_version_whose_files_are_not_those_registered_leaves_the_old_one(
    keeper: ModelKeeper, register: Register, registry: Registry, forecaster: Forecaster, database: Database
) -> None:
    keeper.look()
    assert keeper.kept == Kept(None, "no version is the champion: none has passed the gate yet")
    first = register(forecaster)
    keeper.look()
    loaded = keeper.kept.model
    assert (loaded.version, keeper.kept.problem) == (first, None)
    second = register(forecaster)
    with database.owner.begin() as connection:
        connection.execute(
            text("UPDATE clv.model_hash SET sha256 = repeat('0', 64) WHERE model_version = :number"),
            {"number": second},
        )
    keeper.look()
    assert keeper.kept.model is loaded
    assert f"version {second}: the files of its forecaster" in str(keeper.kept.problem)
    registry.alias("champion", first)
    keeper.look()
    assert keeper.kept == Kept(loaded, None), "the process of the first version has gone on"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda one: replace(one, rfm_cuts=None), "without the quintiles"),
        (
            lambda one: replace(one, encoder=replace(one.encoder, numbers=(*one.encoder.numbers, "net_value_x_365d"))),
            "reads the columns net_value_x_365d, which the mapping Simulated shop does not give",
        ),
    ],
)
def test_a_version_that_cannot_forecast_single_customers_says_why(
    source: ModelSource, forecaster: Forecaster, spoil: Callable, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Registry, "aliased", lambda *_: 4)
    monkeypatch.setattr(Registry, "fetch", lambda *_: {})
    monkeypatch.setattr("jobs.models.model_version.unpack", lambda _: spoil(forecaster))
    monkeypatch.setattr(Registry, "sha256", lambda *_: None)
    with pytest.raises(RefusedError, match=said):
        source.read()


def test_files_of_another_format_say_so(source: ModelSource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Registry, "aliased", lambda *_: 4)
    monkeypatch.setattr(Registry, "fetch", lambda *_: {JSON_FILE: json.dumps({"format": 99}).encode()})
    monkeypatch.setattr(Registry, "sha256", lambda *_: None)
    with pytest.raises(RefusedError, match="format 99"):
        source.read()


def test_a_predicate_that_only_spark_understands_is_refused_when_the_champion_is_read(source: ModelSource) -> None:
    mapping = replace(SOURCE, rules=(RowRule(reason="odd", when="soundex(product_id) = 'P000'"),))
    with pytest.raises(RefusedError, match=r"because of 'SOUNDEX\(product_id\)' in its rule odd: it is not evaluated"):
        replace(source, source=mapping).seen()


def test_the_rules_of_online_retail_ii_are_those_of_the_batch(
    source: ModelSource, register: Register, forecaster: Forecaster, database: Database
) -> None:
    register(forecaster)
    mapping = replace(load("online_retail_ii"), departments=SOURCE.departments)
    sale = {"Invoice": "536365", "StockCode": "85123A", "Quantity": 6, "InvoiceDate": "2010-12-01 08:26:00",
            "Price": 2.55, "Customer ID": "17850.0", "sheet": "Year 2010-2011"}  # fmt: skip
    lines = [
        sale,
        {**sale, "sheet": "Year 2009-2010"},
        {**sale, "Price": 0, "StockCode": "TEST001"},
        {**sale, "Invoice": "536370", "Price": -1.5},
        {name: value for name, value in {**sale, "Invoice": "536380"}.items() if name != "sheet"},
    ]
    with serving(database, live_champion=Fixed(replace(source, source=mapping).read())) as running:
        sent = {"customer_id": "17850", "transactions": lines}
        [answer] = ask(running, running.key("caller", "forecast"), sent)["customers"]
    assert answer["rows"]["used"] == 2
    assert answer["forecast"]["status"] == "lapsing"
    assert answer["rows"]["rejected"] == [
        {"index": 1, "reasons": ["sheet_overlap"]},
        {"index": 2, "reasons": ["zero_value", "price_not_positive", "bookkeeping_entry"]},
        {"index": 3, "reasons": ["price_not_positive"]},
    ]


@dataclass
class OutOfSight(Fixed):
    """A champion that is seen once: then its MLflow is gone."""

    looks: int = 0

    def seen(self) -> State | None:
        self.looks += 1
        if self.looks > 1:
            gone = ModelAccess(source="simulated_shop", lake=Path("no-lake"), tracking_uri="http://127.0.0.1:9")
            ServiceChampion(gone, "postgresql+psycopg2://").seen()
        return super().seen()


def test_a_service_whose_mlflow_is_gone_forecasts_with_what_it_has_and_says_so(
    database: Database, live: LiveModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in MLFLOW_CLIENT.items():
        monkeypatch.setenv(name, value)
    with serving(database, live_champion=OutOfSight(live), model_seconds=0.05) as running:
        until(lambda: on_request(running)["problem"] is not None)
        said = on_request(running)
        assert said["model_version"] == 3
        assert said["problem"].startswith("MLflow at MLFLOW_TRACKING_URI cannot be asked for the champion: start it.")
        key = running.key("caller", "forecast")
        body = {"customers": [customer(LINE)]}
        assert running.request("POST", "/v1/forecasts", key, json=body).status_code == 200


def test_a_swap_drops_no_request_and_mixes_no_answer(database: Database, live: LiveModel) -> None:
    limits = {"requests_per_second": 10_000, "burst": 10_000}
    with serving(database, live_champion=Restless(live), model_seconds=0.02, **limits) as running:
        key, answers, are_enough = running.key("caller", "forecast"), [], threading.Event()

        def ask() -> None:
            while not are_enough.is_set():
                answers.append(running.request("POST", "/v1/forecasts", key, json={"customers": [customer(LINE)]}))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        until(lambda: on_request(running)["model_version"] > 5)
        are_enough.set()
        for thread in threads:
            thread.join()
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["model"]["version"] for answer in answers}) > 2
    assert len({json.dumps(answer.json()["customers"]) for answer in answers}) == 1
