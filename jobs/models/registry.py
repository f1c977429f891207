"""The MLflow registry: training and tuning runs, model versions, and the aliases `challenger` and `champion`.

No module but this one and `training_run.py` calls MLflow. A version's tags hold its training inputs; Postgres holds a
hash of its files, which is checked before the files are loaded. Nothing is pickled: boosters are stored in XGBoost's
own format, all else as JSON.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from functools import cached_property
from math import isfinite
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Engine

from jobs.core.code_version import files_sha256, folder_sha256
from jobs.core.refusal import RefusedError
from jobs.core.settings import MODEL
from jobs.models.artifacts import download, gone_if_missing
from jobs.models.descriptions import of_model, of_run
from jobs.models.file_hashes import hashed_versions, hashes_of, record_hashes
from jobs.models.model_version import HOLDOUT_ORIGIN, Part, Training, TrainingInputs, Version, save
from jobs.models.training_run import copy_code, log_figures, log_model, log_snapshots

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
            with mlflow.start_run(run_name=inputs.run_name, tags=tags, description=of_run(training, inputs)):
                log_figures(training)
                log_snapshots(inputs)
                model_uri = log_model(self.model, training, parts, copy_code(training.served_by, Path(scratch)))
            sha256: dict[str, str] = {part: folder_sha256(folder) for part, folder in parts.items()}
        if training.backtest is not None:
            tags[HOLDOUT_ORIGIN] = str(training.backtest.as_of)
        number = int(mlflow.register_model(model_uri, self.model, tags=tags).version)
        while not record_hashes(self.database, self.model, number, sha256):
            log.warning("Version %s was registered before MLflow lost its versions: its number is skipped", number)
            self._client.delete_model_version(self.model, str(number))
            number = int(mlflow.register_model(model_uri, self.model, tags=tags).version)
        self._client.update_registered_model(self.model, of_model(self.model))
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
        """A version with its tags; raises GoneError if MLflow does not hold it."""
        with gone_if_missing(self._mlflow, f"model {self.model} version {number}"):
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

    def unalias(self, alias: Alias, number: int) -> None:
        """Remove an alias if it points to this version."""
        if self.aliased(alias) == number:
            self._client.delete_registered_model_alias(self.model, alias)

    def remove_before(self, day: date, keep: Collection[int | None]) -> list[int]:
        """Delete the versions that were registered before a day, but the champion and those to keep; their numbers."""
        kept = {*keep, self.aliased("champion")}
        versions = self._client.search_model_versions(f"name = '{self.model}'")
        old = {int(version.version) for version in versions if version.creation_timestamp < _milliseconds(day)}
        for number in old - kept:
            self._client.delete_model_version(self.model, str(number))
        return sorted(old - kept)

    def remove_runs_before(self, day: date) -> list[str]:
        """Delete the training runs that were started before a day and of which there is no version; their ids."""
        experiment = self._client.get_experiment_by_name(self.model)
        if experiment is None:
            return []
        trained = {version.run_id for version in self._client.search_model_versions(f"name = '{self.model}'")}
        runs = self._client.search_runs([experiment.experiment_id], f"attributes.start_time < {_milliseconds(day)}")
        gone = sorted(run.info.run_id for run in runs if run.info.run_id not in trained)
        for run_id in gone:
            self._client.delete_run(run_id)
        return gone

    def describe(self, number: int, text: str) -> None:
        """Set the description of a version, in Markdown."""
        self._client.update_model_version(self.model, str(number), text)

    def measured(self, number: int, metrics: Mapping[str, float]) -> None:
        """Add metrics to the run that trained a version; the ones that are no number are left out."""
        run_id = str(self._client.get_model_version(self.model, str(number)).run_id)
        for name, value in metrics.items():
            if isfinite(value):
                self._client.log_metric(run_id, name, value)

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


def _milliseconds(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp()) * 1000
