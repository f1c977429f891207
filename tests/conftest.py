"""One Spark session, one Postgres and one MLflow for the whole suite; the real data, where it is present."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg2
import pytest
from psycopg2 import sql
from sqlalchemy import Engine

from benchmarks import real_data
from jobs.core.migrations import migrate
from jobs.core.postgres import engine
from jobs.lake.lake import Lake
from jobs.local_stack import postgres_server
from jobs.models.registry import Registry
from tests.mlflow_server import serving

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def spark() -> Iterator[object]:
    from pyspark.sql import SparkSession

    from jobs.core.spark import SESSION_CONF

    # Spark's Python workers run this interpreter and find our modules, wherever the tests are started from.
    os.environ |= {"PYSPARK_PYTHON": sys.executable, "PYTHONPATH": str(ROOT)}
    builder = SparkSession.builder.master("local[2]").appName("tests")
    conf = SESSION_CONF | {
        "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "3g",
        "spark.driver.extraJavaOptions": "-XX:+UseSerialGC",
        "spark.sql.shuffle.partitions": "2",
    }
    for key, value in conf.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def online_retail_ii() -> Path:
    return _real_data("online_retail_ii")


@pytest.fixture(scope="session")
def cdnow() -> Path:
    return _real_data("cdnow_master")


@pytest.fixture(scope="session")
def superstore() -> Path:
    return _real_data("superstore")


@pytest.fixture(scope="session")
def complete_journey() -> Path:
    """The transactions; the products lie beside them."""
    return _real_data("completejourney_transactions")


def _real_data(name: str) -> Path:
    path = real_data.path(name)
    if not path.is_file():
        pytest.skip(f"{path} is not there: {real_data.HINT}")
    return path


@dataclass(frozen=True)
class Database:
    """A forecast database, by the URL of each role that uses it, and as each of them."""

    owner_url: str
    writer_url: str
    reader_url: str

    @property
    def api_url(self) -> str:
        return self.reader_url.replace("clv_reader@", "clv_api@")

    @property
    def owner(self) -> Engine:
        return engine(self.owner_url)

    @property
    def writer(self) -> Engine:
        return engine(self.writer_url)

    @property
    def reader(self) -> Engine:
        return engine(self.reader_url)

    @property
    def api(self) -> Engine:
        return engine(self.api_url)


@dataclass(frozen=True)
class Postgres:
    """A real Postgres server, and databases in it."""

    socket_folder: Path
    numbers: Iterator[int]

    def create_database(self, *, template: str = "template1") -> str:
        """Create a database that nobody else uses; its name."""
        name = f"test_{next(self.numbers)}"
        self.execute(sql.SQL("create database {} template {}").format(*map(sql.Identifier, (name, template))))
        return name

    def execute(self, statement: str | sql.Composable, database: str = "postgres") -> None:
        """Run a statement as superuser, outside a transaction."""
        connection = psycopg2.connect(dbname=database, user="postgres", host=str(self.socket_folder))
        connection.autocommit = True
        with closing(connection), connection.cursor() as cursor:
            cursor.execute(statement)

    def url(self, role: str, database: str) -> str:
        """The SQLAlchemy URL by which a role reaches a database."""
        return f"postgresql+psycopg2://{role}@/{database}?host={quote(str(self.socket_folder))}"


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A Postgres server without any of our schema."""
    with postgres_server.temporary(tmp_path_factory.mktemp("postgres") / "data") as sockets:
        yield Postgres(sockets, itertools.count(1))


@pytest.fixture(scope="session")
def migrated_template(postgres: Postgres) -> str:
    """The name of a migrated database to copy; nobody may connect to it."""
    name = postgres.create_database()
    migrate(engine(postgres.url("postgres", name)))
    return name


@pytest.fixture
def database(postgres: Postgres, migrated_template: str) -> Database:
    """A migrated forecast database without a row."""
    return empty_database(postgres, migrated_template)


@pytest.fixture(scope="module")
def module_database(postgres: Postgres, migrated_template: str) -> Database:
    """One migrated forecast database for all tests of a module."""
    return empty_database(postgres, migrated_template)


def empty_database(postgres: Postgres, template: str) -> Database:
    """A migrated forecast database without a row."""
    name = postgres.create_database(template=template)
    roles = ("postgres", "clv_writer", "clv_reader")
    return Database(*(postgres.url(role, name) for role in roles))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake."""
    return Lake(str(tmp_path / "lake"))


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    """An empty landing place."""
    folder = tmp_path / "landing"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real MLflow server that keeps everything below a temporary folder."""
    folder = tmp_path_factory.mktemp("mlflow")
    with serving(folder, f"sqlite:///{folder}/mlflow.db") as address:
        yield address


@pytest.fixture
def registry(mlflow_server: str, database: Database) -> Registry:
    """A registry in which nothing is registered."""
    return emptied_registry(mlflow_server, database)


def emptied_registry(address: str, database: Database) -> Registry:
    """The registry of an MLflow server, after all that was registered there is gone."""
    from mlflow import MlflowClient

    client = MlflowClient(address)
    for model in client.search_registered_models():
        client.delete_registered_model(model.name)
    registry = Registry(address, database.writer)
    tunings = client.get_experiment_by_name(registry.tunings)
    for run in client.search_runs([tunings.experiment_id]) if tunings else ():
        client.delete_run(run.info.run_id)
    return registry


@pytest.fixture
def environment(lake: Lake, database: Database, mlflow_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a job's `main` reads its settings from: the test's own places, the source `simulated_shop`."""
    variables = {
        "CLV_SOURCE": "simulated_shop",
        "CLV_LANDING": str(Path(lake.root).with_name("landing")),
        "CLV_LAKE": lake.root,
        "CLV_REPORTS": str(Path(lake.root).with_name("reports")),
        "CLV_DATABASE_URL": database.writer_url,
        "MLFLOW_TRACKING_URI": mlflow_server,
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
