"""A lake in an object store: everything but Spark, which needs the store's connector. The store here is a stand-in."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from subprocess import DEVNULL
from urllib.error import URLError
from urllib.request import Request, urlopen

import pandas as pd
import polars as pl
import pytest

from jobs.core.fence import SupersededError
from jobs.core.month import Month
from jobs.core.settings import Settings, SettingsError
from jobs.lake.arrow import read_rows, write_period
from jobs.lake.copies import copy_periods
from jobs.lake.lake import Lake
from jobs.lake.storage import spark_path
from jobs.lake.tables import PRODUCTS
from jobs.lake.versions import DamagedError, Record
from tests.forecasts import DECEMBER
from tests.periods import planned, put

OCTOBER, NOVEMBER = Month(2011, 10), Month(2011, 11)
LISTED = pd.DataFrame({"product_id": ["b", "a"], "department": ["grocery", "home"]})


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    # In a process of its own: delta-rs waits for the store while it holds the interpreter's lock.
    server = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stderr=DEVNULL)
    try:
        for _ in range(300):
            assert server.poll() is None, "the stand-in of the object store did not start"
            with suppress(URLError), urlopen(address, timeout=5):
                break
            time.sleep(0.1)
        yield address
    finally:
        server.kill()
        server.wait()


@pytest.fixture
def lake(store: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Lake:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "clv",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": store,
        "AWS_ALLOW_HTTP": "true",
    }.items():
        monkeypatch.setenv(name, value)
    bucket = f"shop-{abs(hash(request.node.name))}"
    with urlopen(Request(f"{store}/{bucket}", method="PUT"), timeout=5) as created:
        assert created.status == 200
    return Lake(f"s3://{bucket}/lake")


def test_periods_are_written_read_and_replaced(lake: Lake) -> None:
    record = write_period(LISTED, lake, PRODUCTS, OCTOBER, {"landing": "1"})
    assert lake.is_current(PRODUCTS, OCTOBER, {"landing": "1"})
    assert lake.record(PRODUCTS, OCTOBER) == record
    assert read_rows(lake, PRODUCTS, [OCTOBER])["product_id"].to_pylist() == ["a", "b"]
    write_period(LISTED.head(1), lake, PRODUCTS, OCTOBER, {"landing": "2"})
    assert read_rows(lake, PRODUCTS, [OCTOBER])["product_id"].to_pylist() == ["b"]
    assert pl.read_delta(f"{lake.root}/{PRODUCTS.name}").height == 1


def test_only_the_run_that_was_planned_last_writes(lake: Lake) -> None:
    late = planned(lake, DECEMBER, 1)
    newer = planned(lake, DECEMBER, 2)
    write_period(LISTED, newer, PRODUCTS, NOVEMBER, {})
    with pytest.raises(SupersededError):
        write_period(LISTED.head(1), late, PRODUCTS, NOVEMBER, {})
    assert lake.record(PRODUCTS, NOVEMBER).rows == 2


def test_a_file_that_is_gone_is_noticed(lake: Lake) -> None:
    put(lake, PRODUCTS, OCTOBER, Record(rows=2, fingerprint="1"))
    [file] = lake.files_of(PRODUCTS, [OCTOBER])
    lake.files.delete_file(file.path)
    with pytest.raises(DamagedError, match="is missing"):
        read_rows(lake, PRODUCTS, [OCTOBER])


def test_what_an_error_leaves_is_removed(lake: Lake) -> None:
    with pytest.raises(KeyError), lake.writing(PRODUCTS) as folder:
        raise KeyError
    assert not lake.files.get_file_info(folder).is_file


def test_periods_are_copied_to_a_lake_in_a_folder(lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> None:
    write_period(LISTED, lake, PRODUCTS, OCTOBER, {"landing": "1"})
    own = Lake(str(tmp_path_factory.mktemp("own")))
    copy_periods(lake, own, PRODUCTS, [OCTOBER])
    assert read_rows(own, PRODUCTS, [OCTOBER]).equals(read_rows(lake, PRODUCTS, [OCTOBER]))
    assert own.record(PRODUCTS, OCTOBER) == lake.record(PRODUCTS, OCTOBER)


def test_spark_knows_the_store_by_its_connector() -> None:
    assert spark_path("s3://shop/lake", "daily/write=1") == "s3a://shop/lake/daily/write=1"
    assert spark_path("abfss://shop@account/lake", "daily") == "abfss://shop@account/lake/daily"
    assert spark_path("/srv/lake", "daily") == "/srv/lake/daily"


def test_the_cache_of_such_a_lake_has_a_folder_of_its_own() -> None:
    environ = {"CLV_LAKE": "s3://shop/lake"}
    with pytest.raises(SettingsError, match="CLV_CACHE is not set"):
        Settings(environ=environ).cache  # noqa: B018
    assert str(Settings(environ=environ | {"CLV_CACHE": "/srv/cache"}).cache) == "/srv/cache"
    assert Settings(environ=environ, value_basis="margin").lake == "s3://shop/lake/margin"


def test_a_folder_may_be_given_as_an_address() -> None:
    settings = Settings(environ={"CLV_LAKE": "file:///srv/lake/"})
    assert (settings.lake, str(settings.cache)) == ("/srv/lake", "/srv/lake/landing_cache")
