"""The MLflow registry: training and tuning runs, model versions, and the aliases `challenger` and `champion`.

No other module calls MLflow. A version's tags hold its training inputs; Postgres holds a hash of its files, which is
checked before the files are loaded. Nothing is pickled: boosters are stored in XGBoost's own format, all else as JSON.
"""

from __future__ import annotations

import json
import logging
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

from sqlalchemy import Engine

from jobs.core.code_version import JOBS, files_sha256, folder_sha256, import_closure
from jobs.core.refusal import RefusedError
from jobs.core.settings import MODEL
from jobs.models.artifacts import download
from jobs.models.file_hashes import hashed_versions, hashes_of, record_hashes
from jobs.models.model_version import HOLDOUT_ORIGIN, Part, Training, TrainingInputs, Version, library_versions, save

if TYPE_CHECKING:
    from mlflow import MlflowClient

log = logging.getLogger(__name__)

TUNING_FILE = "tuning.json"

Alias = Literal["challenger", "champion"]

CLIENT_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
"""Defaults for MLflow's client: no telemetry and little output. Variables that are already set take precedence."""


class TamperedError(RefusedError):
    """The files of a version differ from those that were registered."""


class UncheckedError(RefusedError):
    """Postgres holds no hash of the files of a version: nothing says that they are those that were registered."""


@dataclass(frozen=True)
class Registry:
    """A registered model, and the experiment of the same name, on an MLflow server.

    Attributes:
        tracking_uri: address of the server.
        database: the forecast database, which holds the hashes of the files and the decisions.
        model: name of the registered model.
    """

    tracking_uri: str
    database: Engine
    model: str = MODEL

    @property
    def tunings(self) -> str:
        """Name of the experiment that holds the tunings, one run each."""
        return f"{self.model}_tuning"

    def find(self, inputs: TrainingInputs) -> int | None:
        """The newest version that was trained on these inputs and can be checked; None if there is none."""
        return self._newest(" and ".join(f"tags.`{key}` = '{value}'" for key, value in asdict(inputs).items()))

    def newest(self, as_of: date) -> int | None:
        """The newest version of a day that can be checked, by any version of the code; None if there is none."""
        return self._newest(f"tags.`as_of` = '{as_of}'")

    def _newest(self, conditions: str) -> int | None:
        versions = self._client.search_model_versions(f"name = '{self.model}' and {conditions}")
        checked = hashed_versions(self.database, self.model)
        return max((number for version in versions if (number := int(version.version)) in checked), default=None)

    def register(self, training: Training, inputs: TrainingInputs) -> int:
        """Log a training run, register its model, and record the hashes of its files; the number of the new version."""
        mlflow = self._mlflow
        mlflow.set_experiment(self.model)
        tags = inputs.tags
        with TemporaryDirectory() as scratch:
            parts = save(training, Path(scratch))
            with mlflow.start_run(run_name=inputs.run_name, tags=tags):
                _log_figures(training)
                model_uri = _log_model(self.model, training, parts, _copy_code(training.served_by, Path(scratch)))
            sha256: dict[str, str] = {part: folder_sha256(folder) for part, folder in parts.items()}
        if training.backtest is not None:
            tags[HOLDOUT_ORIGIN] = str(training.backtest.as_of)
        number = int(mlflow.register_model(model_uri, self.model, tags=tags).version)
        while not record_hashes(self.database, self.model, number, sha256):
            log.warning("Version %s was registered before MLflow lost its versions: its number is skipped", number)
            self._client.delete_model_version(self.model, str(number))
            number = int(mlflow.register_model(model_uri, self.model, tags=tags).version)
        return number

    def keep_tuning(self, tuning: Mapping[str, Any], inputs: TrainingInputs) -> str:
        """Log the result of a tuning as JSON, with its inputs; the id of the MLflow run.

        Args:
            tuning: the result. Its `settings` apply to trainings as of the inputs' `as_of` and later.
            inputs: fingerprints of the snapshots and of the settings in use before, code and libraries.
        """
        mlflow = self._mlflow
        mlflow.set_experiment(self.tunings)
        with mlflow.start_run(run_name=inputs.run_name, tags=inputs.tags) as run:
            mlflow.log_params(dict(tuning["settings"]))
            mlflow.log_dict(dict(tuning), TUNING_FILE)
        return str(run.info.run_id)

    def tuned(self, as_of: date) -> dict[str, Any] | None:
        """The settings of the newest tuning as of `as_of` or earlier (the last to start, if several); None if none."""
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
        """A version with its tags; raises mlflow.exceptions.RestException if it does not exist."""
        return Version(number, self._client.get_model_version(self.model, str(number)).tags)

    def aliased(self, alias: Alias) -> int | None:
        """The version that an alias points to; None if the alias is not set."""
        models = self._client.search_registered_models(f"name = '{self.model}'")
        number = models[0].aliases.get(alias) if models else None
        return None if number is None else int(number)

    def alias(self, alias: Alias, number: int) -> None:
        """Point an alias to a version."""
        self._client.set_registered_model_alias(self.model, alias, str(number))

    def tag(self, number: int, tags: Mapping[str, str]) -> None:
        """Set tags of a version."""
        for key, value in tags.items():
            self._client.set_model_version_tag(self.model, str(number), key, value)

    def sha256(self, number: int, part: Part = "forecaster") -> str | None:
        """The registered hash of one part of a version; None if Postgres holds none."""
        return hashes_of(self.database, self.model, number).get(part)

    def fetch(self, number: int, part: Part = "forecaster") -> dict[str, bytes]:
        """The files of one part of a version: name → content.

        Raises:
            UncheckedError: Postgres holds no hash of the files; so of every version that does not exist.
            GoneError: the version was deleted from MLflow.
            TamperedError: the files differ from those that were registered.
        """
        registered = self.sha256(number, part)
        if registered is None:
            raise UncheckedError(
                f"model {self.model} version {number}: clv.model_hash holds no hash of its {part}, so its files cannot "
                "be checked. There is no such version, or earlier code registered it, or its registration was "
                "interrupted: run its month again, which trains it again, or choose another champion"
            )
        uri = f"models:/{self.model}/{number}/artifacts/{part}"
        files = download(self._mlflow, uri, self.tracking_uri)
        sha256 = files_sha256(files)
        if sha256 != registered:
            raise TamperedError(
                f"model {self.model} version {number}: the files of its {part} in MLflow's artifact store have the "
                f"sha256 {sha256}, but {registered} was registered. The files were changed: restore them, or delete "
                "the version and run its month again"
            )
        return files

    @property
    def _mlflow(self) -> ModuleType:
        """The `mlflow` module, with this tracking URI set globally: downloads ignore the URI that they are passed."""
        for variable, value in CLIENT_ENVIRONMENT.items():
            os.environ.setdefault(variable, value)
        import mlflow

        mlflow.set_tracking_uri(self.tracking_uri)
        return mlflow

    @cached_property
    def _client(self) -> MlflowClient:
        client: MlflowClient = self._mlflow.MlflowClient(self.tracking_uri)
        return client


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


def _copy_code(module: str, folder: Path) -> Path:
    """A copy of the package `jobs` in a folder: of a module and those that it imports."""
    package = folder / JOBS.name
    for path in import_closure(module).values():
        copied = package / path.relative_to(JOBS)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copied)
    return package


def _log_model(model: str, training: Training, parts: Mapping[Part, Path], code: Path) -> str:
    import mlflow.pyfunc
    from mlflow.models import infer_signature

    from jobs.models.model_version import as_floats

    logged = mlflow.pyfunc.log_model(
        name=model,
        python_model=str(import_closure(training.served_by)[training.served_by]),
        artifacts={part: str(folder) for part, folder in parts.items()},
        code_paths=[str(code)],
        pip_requirements=library_versions().split(","),
        signature=infer_signature(training.example, as_floats(training.forecaster.predict(training.example))),
        input_example=training.example,
    )
    return str(logged.model_uri)
