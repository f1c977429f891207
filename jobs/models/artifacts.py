"""Download the files of a version from MLflow."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

from jobs.core.refusal import RefusedError


class GoneError(RefusedError):
    """MLflow does not hold a version that was registered."""


def download(mlflow: ModuleType, uri: str, tracking_uri: str) -> dict[str, bytes]:
    """The files at a `models:/…` address: name → content; raises GoneError if the version was deleted."""
    with TemporaryDirectory() as scratch:
        try:
            folder = mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=scratch, tracking_uri=tracking_uri)
        except mlflow.exceptions.MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            raise GoneError(
                f"{uri} was deleted from MLflow: run its month again, which trains it again, or choose another champion"
            ) from error
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}
