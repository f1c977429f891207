from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from matplotlib.figure import Figure
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import OperationalError

from jobs.core.code_version import files_sha256
from jobs.core.postgres import engine
from jobs.core.settings import MODEL
from jobs.forecasting.fit import fit
from jobs.models.file_hashes import record_hashes
from jobs.models.model_version import Training, TrainingInputs, UnreadableError, as_floats, unpack
from jobs.models.registry import Registry, TamperedError, UncheckedError
from tests.conftest import ROOT, Database, emptied_registry
from tests.snapshots import QUICK, model_frames, simulated_snapshots

ORIGIN = TrainingInputs(
    as_of="2024-11-01",
    input_fingerprint="aa",
    params_fingerprint="bb",
    code_fingerprint="cc+dd",
    libraries="xgboost==3",
)
SNAPSHOTS = model_frames(simulated_snapshots(months=10))
HOLDOUT, AS_OF = sorted(SNAPSHOTS)[5], max(SNAPSHOTS)


@pytest.fixture(scope="module")
def training() -> Training:
    return Training(
        forecaster=fit(SNAPSHOTS, as_of=AS_OF, params=QUICK),
        backtest=fit(SNAPSHOTS, as_of=HOLDOUT, params=QUICK),
        params={"rounds": QUICK.rounds},
        metrics={"ours": {"wape": 0.5, "rmse": 7.0}, "trailing_value": {"wape": 0.6}},
        figures={"gain_curve": Figure()},
        example=SNAPSHOTS[AS_OF].iloc[10:13],
        not_measured=["everything: too short a history"],
    )


@pytest.fixture(scope="module")
def registry(mlflow_server: str, module_database: Database) -> Registry:
    return emptied_registry(mlflow_server, module_database)


@pytest.fixture(scope="module")
def number(registry: Registry, training: Training) -> int:
    """A version that no test changes."""
    return registry.register(training, ORIGIN)


def stored_files(registry: Registry, number: int, folder: Path) -> Mapping[str, bytes]:
    """Every file of a version, by its path."""
    uri, target = f"models:/{MODEL}/{number}", str(folder)
    root = Path(mlflow.artifacts.download_artifacts(uri, dst_path=target, tracking_uri=registry.tracking_uri))
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def overwrite(registry: Registry, number: int, name: str, content: bytes, folder: Path) -> None:
    """Write a file among those of a version, as whoever may write to the artifact store can."""
    (folder / Path(name).name).write_bytes(content)
    client = mlflow.MlflowClient(registry.tracking_uri)
    model_id = client.get_model_version(MODEL, str(number)).source.removeprefix("models:/")
    client.log_model_artifact(model_id, str(folder / Path(name).name), str(Path(name).parent))


def test_a_version_is_found_by_all_that_it_was_trained_from(registry: Registry, number: int) -> None:
    others = [replace(ORIGIN, **{name: "other"}) for name in vars(ORIGIN)]

    assert registry.find(ORIGIN) == number
    assert [registry.find(other) for other in others] == [None] * 5


def test_a_version_tells_what_it_was_trained_from(registry: Registry, number: int) -> None:
    version = registry.version(number)

    assert {**vars(ORIGIN), "data_month": "2024-10"}.items() <= version.tags.items()
    assert (version.as_of, version.holdout_origin) == (AS_OF, HOLDOUT)


def test_the_run_page_shows_settings_figures_plots_and_what_is_missing(
    registry: Registry, number: int, training: Training
) -> None:
    client = mlflow.MlflowClient(registry.tracking_uri)

    run = client.get_run(client.get_model_version(MODEL, str(number)).run_id)
    assert (run.info.run_name, run.info.status) == ("2024-10 as of 2024-11-01", "FINISHED")
    assert (run.data.tags["data_month"], run.data.params) == ("2024-10", {"rounds": "5"})
    figures = {
        f"{candidate}/{name}": one for candidate, actual in training.metrics.items() for name, one in actual.items()
    }
    assert run.data.metrics == figures
    assert run.data.tags["not_measured"] == "everything: too short a history"
    assert [file.path for file in client.list_artifacts(run.info.run_id, "plots")] == ["plots/gain_curve.png"]


def test_a_run_names_its_data_and_is_described(registry: Registry, number: int) -> None:
    client = mlflow.MlflowClient(registry.tracking_uri)
    run = client.get_run(client.get_model_version(MODEL, str(number)).run_id)

    [data] = run.inputs.dataset_inputs
    assert (data.dataset.name, data.dataset.digest) == ("features", ORIGIN.input_fingerprint)
    described = run.data.tags["mlflow.note.content"]
    assert "| ours | 0.5 | 7 |" in described
    assert "- everything: too short a history" in described
    assert "clv.model_decisions" in client.get_registered_model(MODEL).description


def test_nothing_in_a_version_is_pickled(registry: Registry, number: int, tmp_path: Path) -> None:
    files = stored_files(registry, number, tmp_path)

    model = {Path(name).suffix for name in files if name.startswith(("artifacts/forecaster/", "artifacts/backtest/"))}
    assert model == {".json", ".ubj"}
    assert {Path(name).suffix for name in files} == {"", ".json", ".py", ".txt", ".ubj", ".yaml"}
    assert [name for name, content in files.items() if content.startswith(b"\x80")] == []


def test_a_fetched_forecaster_forecasts_as_the_trained_one(registry: Registry, number: int, training: Training) -> None:
    for part, trained in (("forecaster", training.forecaster), ("backtest", training.backtest)):
        fetched = unpack(registry.fetch(number, part)).predict(SNAPSHOTS[AS_OF])
        pd.testing.assert_frame_equal(fetched, trained.predict(SNAPSHOTS[AS_OF]), check_exact=True)


def test_mlflow_serves_a_version_by_nothing_but_the_code_stored_with_it(
    registry: Registry, number: int, training: Training, tmp_path: Path
) -> None:
    program = (
        "import json, sys, mlflow; mlflow.set_tracking_uri(sys.argv[1]); model = mlflow.pyfunc.load_model(sys.argv[2]);"
        "json.dump(model.predict(model.input_example).to_dict('list'), open(sys.argv[3], 'w'))"
    )
    arguments = [registry.tracking_uri, f"models:/{MODEL}/{number}", str(tmp_path / "forecast.json")]
    subprocess.run([sys.executable, "-I", "-c", program, *arguments], cwd=tmp_path, check=True)

    served = json.loads((tmp_path / "forecast.json").read_text())
    assert served == as_floats(training.forecaster.predict(training.example)).to_dict("list")


def test_a_version_that_does_not_exist_is_an_error_that_names_it(registry: Registry, number: int) -> None:
    with pytest.raises(MlflowException, match="version=99"):
        registry.version(99)
    with pytest.raises(UncheckedError, match="model clv version 99"):
        registry.fetch(99)


def test_files_in_another_format_are_told_from_changed_ones(registry: Registry, number: int) -> None:
    files = registry.fetch(number)
    older = {**files, "forecaster.json": b'{"format": 0}'}

    with pytest.raises(UnreadableError, match="train the month again"):
        unpack(older)


def test_registering_the_same_training_again_gives_another_version_with_the_same_bytes(
    registry: Registry, number: int, training: Training
) -> None:
    again = registry.register(training, replace(ORIGIN, code_fingerprint="again"))

    assert again > number
    for part in ("forecaster", "backtest"):
        assert registry.fetch(again, part) == registry.fetch(number, part)


def test_a_version_whose_files_were_changed_or_added_to_is_refused(
    registry: Registry, training: Training, tmp_path: Path
) -> None:
    number = registry.register(training, replace(ORIGIN, code_fingerprint="tampered"))
    changed = registry.fetch(number)["forecaster.json"] + b"\n"
    overwrite(registry, number, "artifacts/forecaster/forecaster.json", changed, tmp_path)
    overwrite(registry, number, "artifacts/backtest/extra.json", b"{}", tmp_path)

    for part in ("forecaster", "backtest"):
        with pytest.raises(TamperedError, match=f"version {number}: the files of its {part} .* The files were changed"):
            registry.fetch(number, part)


def test_files_that_were_changed_together_with_every_tag_are_refused(
    registry: Registry, training: Training, tmp_path: Path
) -> None:
    number = registry.register(training, replace(ORIGIN, code_fingerprint="tampered with its tags"))
    files = registry.fetch(number)
    changed = {**files, "forecaster.json": files["forecaster.json"] + b"\n"}
    overwrite(registry, number, "artifacts/forecaster/forecaster.json", changed["forecaster.json"], tmp_path)
    registry.tag(number, {"forecaster_sha256": files_sha256(changed), "sha256": files_sha256(changed)})

    with pytest.raises(TamperedError, match=f"version {number}: the files of its forecaster"):
        registry.fetch(number)


def test_a_version_whose_registration_was_interrupted_is_neither_found_nor_loaded(
    registry: Registry, training: Training, module_database: Database
) -> None:
    inputs = replace(ORIGIN, as_of="2024-12-01", code_fingerprint="interrupted")
    unreachable = replace(registry, database=engine(module_database.writer_url.replace("clv_writer", "nobody")))
    with pytest.raises(OperationalError):
        unreachable.register(training, inputs)
    [left] = mlflow.MlflowClient(registry.tracking_uri).search_model_versions("tags.`code_fingerprint` = 'interrupted'")

    assert (registry.find(inputs), registry.newest(date(2024, 12, 1))) == (None, None)
    message = f"model clv version {left.version}: clv.model_hash holds no hash of its forecaster"
    with pytest.raises(UncheckedError, match=message):
        registry.fetch(int(left.version))
    assert registry.register(training, inputs) == registry.find(inputs) == registry.newest(date(2024, 12, 1))


def test_a_number_that_was_used_before_mlflow_lost_its_versions_is_not_used_again(
    registry: Registry, training: Training
) -> None:
    lost = replace(registry, model="lost")
    record_hashes(registry.database, lost.model, 1, {"forecaster": "0" * 64})

    assert lost.register(training, ORIGIN) == lost.find(ORIGIN) == 2
    assert set(lost.fetch(2)) == set(lost.fetch(2, "backtest"))


def test_an_alias_is_on_one_version_at_a_time(registry: Registry, number: int, training: Training) -> None:
    second = registry.register(training, replace(ORIGIN, code_fingerprint="second"))
    registry.alias("challenger", second)
    assert (registry.aliased("challenger"), registry.aliased("champion")) == (second, None)

    registry.alias("champion", number)
    registry.alias("champion", second)
    assert registry.aliased("champion") == second


def test_a_version_is_fetched_from_the_address_given_whatever_the_environment_says(
    registry: Registry, number: int, module_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    code = (
        "import sys; from jobs.core.postgres import engine; from jobs.models.registry import Registry; "
        "print(*sorted(Registry(sys.argv[1], engine(sys.argv[2])).fetch(1)))"
    )
    command = [sys.executable, "-c", code, registry.tracking_uri, module_database.writer_url]
    fetched = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert number == 1
    assert fetched.stdout.split() == sorted(registry.fetch(number)), fetched.stderr[-2000:]
