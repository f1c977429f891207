from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import partial

import pytest

from jobs.forecasting.fit import fit
from jobs.forecasting.forecaster import Forecaster
from jobs.forecasting.gate import RULES
from jobs.lake.lake import Lake
from jobs.models.model_version import Training, TrainingInputs
from jobs.models.promotion import promote
from jobs.models.registry import Registry
from jobs.models.training_data import read_holdout
from jobs.models.verdict import Verdict
from tests.models.versions import (
    FRAMES,
    HOLDOUT_OF,
    SNAPSHOTS,
    Train,
    wrong,
)
from tests.snapshots import QUICK, TABLE, write_snapshots


@pytest.fixture(scope="module")
def fitted() -> Mapping[date, Forecaster]:
    return {day: fit(FRAMES, as_of=day, params=QUICK) for day in {*HOLDOUT_OF, *HOLDOUT_OF.values()}}


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> partial[Verdict]:
    """`promote` where nothing has been published yet."""
    lake = Lake(tmp_path_factory.mktemp("shop"))
    write_snapshots(lake, SNAPSHOTS)
    return partial(promote, newest_published=None, read_holdout=partial(read_holdout, lake, TABLE, 1000))


@pytest.fixture
def trained(registry: Registry, fitted: Mapping[date, Forecaster]) -> Train:
    """Registers a version, with a good holdout model or a bad one, or without one; its number."""
    made_by = {"input_fingerprint": "a", "params_fingerprint": "b", "code_fingerprint": "c", "libraries": "d"}

    def register(
        as_of: date, *, bad: bool = False, holdout: bool = True, holdout_model: Forecaster | None = None
    ) -> int:
        holdout_model = holdout_model or fitted[HOLDOUT_OF[as_of]]
        training = Training(
            forecaster=fitted[as_of],
            backtest=(wrong(holdout_model) if bad else holdout_model) if holdout else None,
            params={},
            metrics={},
            figures={},
            example=FRAMES[as_of].head(2),
        )
        return registry.register(training, TrainingInputs(as_of=str(as_of), **made_by))

    return register


@pytest.fixture
def lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules that a forecaster of ten months passes; test_gate.py tests the real ones."""
    monkeypatch.setattr("jobs.forecasting.gate.RULES", tuple(replace(rule, tolerance=9.0) for rule in RULES))
