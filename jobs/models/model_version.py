"""What a registered model version is made of: where it came from, what is logged with it, what MLflow tells of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version as installed_version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from jobs.forecasting.forecaster import Forecaster

Part = Literal["forecaster", "backtest"]
"""A folder of a version's artifacts: the model, or its holdout model, fitted at the origin of the holdout."""

HOLDOUT_ORIGIN = "holdout_origin"
"""The tag that tells where a version's holdout starts."""

LIBRARIES = ("numpy", "pandas", "pyarrow", "xgboost")


class UnreadableError(ValueError):
    """A version was written by code whose format this code does not read."""


def unpack(files: Mapping[str, bytes]) -> Forecaster:
    """Read a forecaster from a version's files; raises UnreadableError where this code does not know their format."""
    from jobs.forecasting.forecaster import Forecaster

    with TemporaryDirectory() as scratch:
        for name, content in files.items():
            Path(scratch, name).write_bytes(content)
        try:
            return Forecaster.load(Path(scratch))
        except (KeyError, TypeError, ValueError) as error:
            raise UnreadableError(f"code of another version wrote it ({error!r}): train the month again") from error


def library_versions() -> str:
    """What a model needs to run, as pip requirements joined by commas."""
    return ",".join(f"{name}=={installed_version(name)}" for name in LIBRARIES)


@dataclass(frozen=True, kw_only=True)
class TrainingInputs:
    """What a version was trained from; training from the same inputs again gives the same bytes.

    Attributes:
        as_of: the month contract's date, ISO.
        input_fingerprint: hash of the snapshots.
        params_fingerprint: hash of the settings.
        code_version: see `jobs.core.code_version`.
        libraries: the installed versions of what the model needs to run.
    """

    as_of: str
    input_fingerprint: str
    params_fingerprint: str
    code_version: str
    libraries: str


@dataclass(frozen=True, kw_only=True)
class Training:
    """A trained model and all that its run page shows.

    Attributes:
        forecaster: the model.
        backtest: its holdout model, fitted at the origin of the holdout; None where the history has no such origin.
        params: what it was trained with.
        metrics: candidate → metric → value, out of time; likewise, theme by theme, the importance of themes.
        figures: file name → plot.
        example: a few rows of a snapshot.
        not_measured: candidates and metrics that are absent, and why.
    """

    forecaster: Forecaster
    backtest: Forecaster | None
    params: Mapping[str, object]
    metrics: Mapping[str, Mapping[str, float]]
    figures: Mapping[str, Figure]
    example: pd.DataFrame
    not_measured: Sequence[str] = ()


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
        """What it was trained as of."""
        return date.fromisoformat(self.tags["as_of"])

    @property
    def holdout_origin(self) -> date | None:
        """Where its holdout starts, as of which its holdout model was fitted; None without one."""
        origin = self.tags.get(HOLDOUT_ORIGIN)
        return None if origin is None else date.fromisoformat(origin)
