"""No code runs that is pickled into a model's files: whoever may write to the artifact store gains nothing by it."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from sqlalchemy import text

from jobs.core.settings import MODEL
from jobs.forecasting.fit import fit
from jobs.models.model_version import Training, TrainingInputs
from jobs.models.registry import Registry
from tests.conftest import ROOT, Database, emptied_registry
from tests.snapshots import QUICK, model_frames, simulated_snapshots

SNAPSHOTS = model_frames(simulated_snapshots(months=10))
AS_OF = max(SNAPSHOTS)
ORIGIN = TrainingInputs(
    as_of="2024-11-01", input_fingerprint="a", params_fingerprint="b", code_fingerprint="c", libraries="d"
)

READ_IN_A_PROCESS_OF_ITS_OWN = """
import sys
def refuse(event, _):
    if event.startswith('pickle.'):
        sys.stderr.write('UNPICKLED')
sys.addaudithook(refuse)
from jobs.core.postgres import engine
from jobs.models.model_version import unpack
from jobs.models.registry import Registry
unpack(Registry(sys.argv[1], engine(sys.argv[3])).fetch(int(sys.argv[2])))
"""


@dataclass
class Bomb:
    """What leaves a mark when it is unpickled."""

    mark: Path

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.mark),)


@pytest.fixture
def bomb(tmp_path: Path) -> Iterator[bytes]:
    mark = tmp_path / "exploded"
    yield pickle.dumps(Bomb(mark))
    assert not mark.exists()


@pytest.fixture(scope="module")
def registry(mlflow_server: str, module_database: Database) -> Registry:
    return emptied_registry(mlflow_server, module_database)


@pytest.fixture(scope="module")
def number(registry: Registry) -> int:
    trained = fit(SNAPSHOTS, as_of=AS_OF, params=QUICK)
    training = Training(
        forecaster=trained,
        backtest=None,
        params={"rounds": QUICK.rounds},
        metrics={"ours": {"wape": 0.5}},
        figures={"gain_curve": Figure()},
        example=SNAPSHOTS[AS_OF].iloc[10:13],
    )
    return registry.register(training, ORIGIN)


def read(registry: Registry, number: int) -> subprocess.CompletedProcess[str]:
    database = registry.database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", READ_IN_A_PROCESS_OF_ITS_OWN, registry.tracking_uri, str(number), database]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def plant(registry: Registry, number: int, folder: Path, content: bytes, *, in_place_of: tuple[str, ...]) -> None:
    """Write the same content over files of a version."""
    import mlflow

    client = mlflow.MlflowClient(registry.tracking_uri)
    model_id = client.get_model_version(MODEL, str(number)).source.removeprefix("models:/")
    for name in in_place_of:
        (folder / name).write_bytes(content)
        client.log_model_artifact(model_id, str(folder / name), "artifacts/forecaster")


def test_reading_a_version_unpickles_nothing(registry: Registry, number: int) -> None:
    done = read(registry, number)
    assert (done.returncode, "UNPICKLED" in done.stderr) == (0, False), done.stderr[-2000:]


def test_a_pickle_in_the_place_of_a_version_s_files_is_refused_with_and_without_the_hash_that_fits(
    registry: Registry, number: int, module_database: Database, bomb: bytes, tmp_path: Path
) -> None:
    files = tuple(registry.fetch(number))
    plant(registry, number, tmp_path, bomb, in_place_of=files)
    refused = read(registry, number)
    assert "TamperedError" in refused.stderr
    assert "UNPICKLED" not in refused.stderr

    from jobs.core.code_version import files_sha256

    forged = {"sha256": files_sha256(dict.fromkeys(files, bomb))}
    with module_database.owner.begin() as connection:
        connection.execute(text("UPDATE clv.model_hash SET sha256 = :sha256"), forged)
    unreadable = read(registry, number)
    assert unreadable.returncode != 0
    assert "TamperedError" not in unreadable.stderr
    assert "UNPICKLED" not in unreadable.stderr


def test_a_pickled_pyfunc_under_our_model_s_name_is_never_loaded(
    registry: Registry, bomb: bytes, tmp_path: Path
) -> None:
    import mlflow

    model = tmp_path / "model"
    model.mkdir()
    (model / "MLmodel").write_text(
        "flavors:\n  python_function:\n    loader_module: mlflow.pyfunc.model\n    python_model: python_model.pkl\n"
        "    python_version: 3.11.0\n    cloudpickle_version: 3.0.0\n    env: {conda: conda.yaml, virtualenv: p.yaml}\n"
    )
    (model / "python_model.pkl").write_bytes(bomb)
    mlflow.set_tracking_uri(registry.tracking_uri)
    mlflow.set_experiment(MODEL)
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(model), "model")
    client = mlflow.MlflowClient(registry.tracking_uri)
    if not client.search_registered_models(f"name = '{MODEL}'"):
        client.create_registered_model(MODEL)
    source = f"{run.info.artifact_uri}/model"
    version = client.create_model_version(MODEL, source, run.info.run_id)
    done = read(registry, int(version.version))
    assert done.returncode != 0
    assert "UNPICKLED" not in done.stderr
