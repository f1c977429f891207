"""What a training run in MLflow holds: settings, metrics, plots, the data set and the model."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from jobs.core.code_version import JOBS, import_closure
from jobs.models.model_version import Part, Training, TrainingInputs, library_versions


def log_figures(training: Training) -> None:
    """Log the settings, metrics and plots of a training to the active run."""
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


def log_snapshots(inputs: TrainingInputs) -> None:
    """Log what was trained on as the active run's data set: its digest is the fingerprint of the snapshots."""
    import mlflow
    from mlflow.data.code_dataset_source import CodeDatasetSource
    from mlflow.data.meta_dataset import MetaDataset

    source = CodeDatasetSource({"table": "features", "as_of": f"all snapshots until {inputs.as_of}"})
    data = MetaDataset(source, name="features", digest=inputs.input_fingerprint)  # type: ignore[abstract]
    mlflow.log_input(data, context="training")


def copy_code(module: str, folder: Path) -> Path:
    """A copy of the package `jobs` in a folder: of a module and those that it imports."""
    package = folder / JOBS.name
    for path in import_closure(module).values():
        copied = package / path.relative_to(JOBS)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copied)
    return package


def log_model(model: str, training: Training, parts: Mapping[Part, Path], code: Path) -> str:
    """Log the model of a training to the active run; its address."""
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
