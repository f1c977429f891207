"""MLflow: the runs that trained or tuned a model, its versions, the aliases `challenger` and `champion`.

The only module that talks to MLflow. A version's tags say what it was trained from and hold a hash of its files, which
is checked before they are loaded. Nothing is pickled: boosters are kept in XGBoost's own format, the rest is JSON.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from jobs.core.code_version import JOBS, files_sha256, folder_sha256
from jobs.core.settings import MODEL
from jobs.models.model_version import HOLDOUT_ORIGIN, Part, Training, TrainingInputs, Version, library_versions

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from jobs.forecasting.forecaster import Forecaster

TUNING_FILE = "tuning.json"

Alias = Literal["challenger", "champion"]

CLIENT_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
"""How MLflow's client behaves where the environment does not say otherwise: it says little, and that to nobody else."""

_SERVED_AS = JOBS / "models" / "served_model.py"
_SERVED_CODE = (
    "__init__.py",
    "core/__init__.py",
    "core/month.py",
    "features/__init__.py",
    "features/table.py",
    "lake/__init__.py",
    "lake/tables.py",
    "forecasting/*.py",
)
"""What of `jobs/` is stored with a version: all that `served_model.py` imports."""


class TamperedError(ValueError):
    """The files of a version are not those that were registered."""


@dataclass(frozen=True)
class Registry:
    """A model (and the experiment of its name) on the MLflow server at an address."""

    tracking_uri: str
    model: str = MODEL

    @property
    def tunings(self) -> str:
        """The experiment that holds every search for better settings, a run each."""
        return f"{self.model}_tuning"

    def find(self, origin: TrainingInputs) -> int | None:
        """The newest version that was trained from this origin."""
        wanted = " and ".join(f"tags.`{key}` = '{value}'" for key, value in asdict(origin).items())
        versions = self._client.search_model_versions(f"name = '{self.model}' and {wanted}")
        return max((int(version.version) for version in versions), default=None)

    def newest(self, as_of: date) -> int | None:
        """The newest version that was trained as of a day, by whatever code."""
        versions = self._client.search_model_versions(f"name = '{self.model}' and tags.`as_of` = '{as_of}'")
        return max((int(version.version) for version in versions), default=None)

    def register(self, training: Training, origin: TrainingInputs) -> int:
        """Log a training run with all its figures and register its model as a new version, in that order."""
        mlflow = self._mlflow
        mlflow.set_experiment(self.model)
        with TemporaryDirectory() as scratch:
            parts = _save(training, Path(scratch))
            with mlflow.start_run(run_name=origin.as_of, tags=asdict(origin)):
                _log_figures(training)
                model_uri = _log_model(self.model, training, parts, _copy_code(Path(scratch)))
            tags = asdict(origin) | {_sha256_tag(part): folder_sha256(folder) for part, folder in parts.items()}
        if training.backtest is not None:
            tags[HOLDOUT_ORIGIN] = str(training.backtest.as_of)
        version = mlflow.register_model(model_uri, self.model, tags=tags)
        return int(version.version)

    def keep_tuning(self, tuning: Mapping[str, Any], origin: TrainingInputs) -> str:
        """Keep what a search came to, as JSON, with what it searched on; the id of its run.

        Args:
            tuning: its `settings` are those to train with from the origin's `as_of` on.
            origin: the snapshots, the settings that were in use, code and libraries.
        """
        mlflow = self._mlflow
        mlflow.set_experiment(self.tunings)
        with mlflow.start_run(run_name=origin.as_of, tags=asdict(origin)) as run:
            mlflow.log_params(dict(tuning["settings"]))
            mlflow.log_dict(dict(tuning), TUNING_FILE)
        return str(run.info.run_id)

    def tuned(self, as_of: date) -> dict[str, Any] | None:
        """The settings of the newest search as of `as_of` or before; of several as of one day, the last one's."""
        experiment = self._client.get_experiment_by_name(self.tunings)
        if experiment is None:
            return None
        finished = self._client.search_runs(
            [experiment.experiment_id], "attributes.status = 'FINISHED'", order_by=["attributes.start_time ASC"]
        )
        runs = [run for run in finished if run.data.tags["as_of"] <= str(as_of)]
        if not runs:
            return None
        newest = max(reversed(runs), key=lambda run: str(run.data.tags["as_of"]))
        uri = f"runs:/{newest.info.run_id}/{TUNING_FILE}"
        with TemporaryDirectory() as scratch:
            path = self._mlflow.artifacts.download_artifacts(uri, dst_path=scratch, tracking_uri=self.tracking_uri)
            settings: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))["settings"]
        return settings

    def version(self, number: int) -> Version:
        """A version with its tags; raises mlflow.exceptions.RestException where there is none."""
        return Version(number, self._client.get_model_version(self.model, str(number)).tags)

    def aliased(self, alias: Alias) -> int | None:
        """The version an alias points at; None while nothing carries it."""
        models = self._client.search_registered_models(f"name = '{self.model}'")
        number = models[0].aliases.get(alias) if models else None
        return None if number is None else int(number)

    def alias(self, alias: Alias, number: int) -> None:
        """Point an alias at a version."""
        self._client.set_registered_model_alias(self.model, alias, str(number))

    def tag(self, number: int, tags: Mapping[str, str]) -> None:
        """Add tags to a version."""
        for key, value in tags.items():
            self._client.set_model_version_tag(self.model, str(number), key, value)

    def fetch(self, number: int, part: Part = "forecaster") -> dict[str, bytes]:
        """The files of one part of exactly this version: name → content.

        Raises:
            TamperedError: they are not those that were registered.
            mlflow.exceptions.MlflowException: there is no such version.
        """
        registered = self._client.get_model_version(self.model, str(number)).tags.get(_sha256_tag(part))
        uri = f"models:/{self.model}/{number}/artifacts/{part}"
        download = self._mlflow.artifacts.download_artifacts
        with TemporaryDirectory() as scratch:
            folder = Path(download(artifact_uri=uri, dst_path=scratch, tracking_uri=self.tracking_uri))
            files = {path.name: path.read_bytes() for path in folder.iterdir()}
        present = files_sha256(files)
        if present != registered:
            raise TamperedError(
                f"model {self.model} version {number}: its {part} in MLflow's artifact store has sha256 {present}, "
                f"registered was {registered}. The files were changed: restore them, or delete the version and "
                "rerun its month"
            )
        return files

    @property
    def _mlflow(self) -> ModuleType:
        """MLflow at this address: downloads find the registry by the global address, whatever they are given."""
        for variable, value in CLIENT_ENVIRONMENT.items():
            os.environ.setdefault(variable, value)
        import mlflow

        mlflow.set_tracking_uri(self.tracking_uri)
        return mlflow

    @cached_property
    def _client(self) -> MlflowClient:
        client: MlflowClient = self._mlflow.MlflowClient(self.tracking_uri)
        return client


def _sha256_tag(part: Part) -> str:
    return f"{part}_sha256"


def _save(training: Training, folder: Path) -> dict[Part, Path]:
    """Write the model and its holdout model, each to a folder of its own below `folder`."""
    forecasters: dict[Part, Forecaster | None] = {"forecaster": training.forecaster, "backtest": training.backtest}
    saved: dict[Part, Path] = {}
    for part, forecaster in forecasters.items():
        if forecaster is not None:
            saved[part] = folder / part
            saved[part].mkdir()
            forecaster.save(saved[part])
    return saved


def _log_figures(training: Training) -> None:
    import mlflow

    mlflow.log_params(dict(training.params))
    if training.not_measured:
        mlflow.set_tag("not_measured", "\n".join(training.not_measured))
    mlflow.log_metrics(
        {
            f"{candidate}/{metric}": value
            for candidate, metrics in training.metrics.items()
            for metric, value in metrics.items()
        }
    )
    for name, figure in training.figures.items():
        mlflow.log_figure(figure, f"plots/{name}.png")


def _copy_code(folder: Path) -> Path:
    package = folder / JOBS.name
    for path in (path for pattern in _SERVED_CODE for path in JOBS.glob(pattern)):
        copied = package / path.relative_to(JOBS)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copied)
    return package


def _log_model(model: str, training: Training, parts: Mapping[Part, Path], code: Path) -> str:
    import mlflow.pyfunc
    from mlflow.models import infer_signature

    from jobs.models.served_model import as_floats

    logged = mlflow.pyfunc.log_model(
        name=model,
        python_model=str(_SERVED_AS),
        artifacts={part: str(folder) for part, folder in parts.items()},
        code_paths=[str(code)],
        pip_requirements=library_versions().split(","),
        signature=infer_signature(training.example, as_floats(training.forecaster.predict(training.example))),
        input_example=training.example,
    )
    return str(logged.model_uri)
