"""A registered model version: what it was trained on, what is logged with it, and its tags in MLflow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import packages_distributions, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from jobs.core.month import Month
from jobs.core.refusal import RefusedError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from jobs.forecasting.forecaster import Forecaster

T = TypeVar("T")

Part = Literal["forecaster", "backtest"]
"""A folder of a version's artifacts: the model, or the holdout model, which is fitted at the origin of the holdout."""

HOLDOUT_ORIGIN = "holdout_origin"
"""The tag that holds the first day of a version's holdout."""

LIBRARIES = ("numpy", "pandas", "pyarrow", "xgboost")


class Fitted(Protocol):
    """A fitted forecaster, of any model."""

    @property
    def as_of(self) -> date:
        """It has not seen what happened on or after this day."""

    def predict(self, rows: pd.DataFrame, /) -> pd.DataFrame:
        """One forecast a row."""

    def save(self, folder: Path) -> None:
        """Write its files."""


class UnreadableError(RefusedError):
    """The files of a version are in a format that this code cannot read."""


def unpack(files: Mapping[str, bytes]) -> Forecaster:
    """Read a forecaster from a version's files; raises UnreadableError if this code cannot read their format."""
    from jobs.forecasting.forecaster import Forecaster

    return read(files, Forecaster.load)


def read(files: Mapping[str, bytes], load: Callable[[Path], T]) -> T:
    """What `load` makes of a version's files; raises UnreadableError if it cannot read their format."""
    with TemporaryDirectory() as scratch:
        for name, content in files.items():
            Path(scratch, name).write_bytes(content)
        try:
            return load(Path(scratch))
        except (KeyError, TypeError, ValueError) as error:
            raise UnreadableError(
                f"another version of the code wrote its files ({type(error).__name__}: {error}): train the month again"
            ) from error


def save(training: Training, folder: Path) -> dict[Part, Path]:
    """Write the model and the holdout model, each to a subfolder of `folder`; part → subfolder."""
    forecasters: dict[Part, Fitted | None] = {"forecaster": training.forecaster, "backtest": training.backtest}
    saved: dict[Part, Path] = {}
    for part, forecaster in forecasters.items():
        if forecaster is not None:
            saved[part] = folder / part
            saved[part].mkdir()
            forecaster.save(saved[part])
    return saved


def as_floats(forecast: pd.DataFrame) -> pd.DataFrame:
    """A forecast with its money as doubles, which JSON can represent."""
    money = [name for name in forecast if str(name).startswith(("clv_", "month_"))]
    return forecast.astype(dict.fromkeys(money, "float64"))


def library_versions() -> str:
    """The libraries that a model needs, as pip requirements joined by commas."""
    distributions = packages_distributions()
    installed = [distributions[name][0] for name in LIBRARIES]
    return ",".join(f"{name}=={version(name)}" for name in installed)


@dataclass(frozen=True, kw_only=True)
class TrainingInputs:
    """What a version is trained on; the same inputs give the same bytes.

    Attributes:
        as_of: first day after the last month of the training data, ISO 8601.
        input_fingerprint: hash of the snapshots.
        params_fingerprint: hash of the settings.
        code_fingerprint: see `jobs.core.code_version.code_fingerprint`.
        libraries: see `library_versions`.
    """

    as_of: str
    input_fingerprint: str
    params_fingerprint: str
    code_fingerprint: str
    libraries: str

    @property
    def data_month(self) -> Month:
        """The last month of the training data."""
        return Month.before(date.fromisoformat(self.as_of))

    @property
    def run_name(self) -> str:
        """Name of the run in MLflow."""
        return f"{self.data_month} as of {self.as_of}"

    @property
    def tags(self) -> dict[str, str]:
        """Tags of the run and the version in MLflow: the inputs, and for people the data month."""
        return asdict(self) | {"data_month": str(self.data_month)}


@dataclass(frozen=True, kw_only=True)
class Training:
    """A trained model and everything that its MLflow run shows.

    Attributes:
        forecaster: the model.
        backtest: the holdout model, fitted at the origin of the holdout; None if the history is too short.
        params: the settings of the training.
        metrics: candidate → metric → value on the holdout; `theme_importance` → feature group → its importance.
        figures: file name → plot.
        example: a few rows of a snapshot.
        not_measured: the candidates and metrics that could not be measured, and why.
        served_by: the module that loads the model in MLflow.
    """

    forecaster: Fitted
    backtest: Fitted | None
    params: Mapping[str, object]
    metrics: Mapping[str, Mapping[str, float]]
    figures: Mapping[str, Figure]
    example: pd.DataFrame
    not_measured: Sequence[str] = ()
    served_by: str = "jobs.models.served_model"


@dataclass(frozen=True)
class Version:
    """A registered version.

    Attributes:
        number: the version.
        tags: its tags.
    """

    number: int
    tags: Mapping[str, str]

    @property
    def as_of(self) -> date:
        """First day after the last month of its training data."""
        return date.fromisoformat(self.tags["as_of"])

    @property
    def make(self) -> tuple[str, str]:
        """Fingerprints of the code and the libraries that made it from its data and settings."""
        return self.tags["code_fingerprint"], self.tags["libraries"]

    @property
    def holdout_origin(self) -> date | None:
        """First day of its holdout, as of which its holdout model was fitted; None if it has no holdout."""
        origin = self.tags.get(HOLDOUT_ORIGIN)
        return None if origin is None else date.fromisoformat(origin)
