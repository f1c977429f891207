from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from jobs.forecasting.fit import fit
from jobs.forecasting.forecaster import Forecaster
from jobs.forecasting.gate import RULES
from jobs.lake.lake import Lake
from jobs.models.champion import set_champion
from jobs.models.model_version import Training, TrainingInputs
from jobs.models.promotion import ReadHoldout, promote
from jobs.models.registry import Registry
from jobs.models.training_data import read_holdout
from jobs.models.verdict import Verdict
from tests.forecasts import plan
from tests.models.versions import (
    FRAMES,
    Gate,
    HOLDOUT_OF,
    SNAPSHOTS,
    Train,
    publish_run,
    wrong,
)
from tests.snapshots import QUICK, TABLE, write_snapshots


@pytest.fixture(scope="module")
def fitted() -> Mapping[date, Forecaster]:
    return {day: fit(FRAMES, as_of=day, params=QUICK) for day in {*HOLDOUT_OF, *HOLDOUT_OF.values()}}


@pytest.fixture(scope="module")
def holdout(tmp_path_factory: pytest.TempPathFactory) -> ReadHoldout:
    """Reads the snapshots of the shop."""
    lake = Lake(tmp_path_factory.mktemp("shop"))
    write_snapshots(lake, SNAPSHOTS)
    return partial(read_holdout, lake, TABLE, 1000)


@pytest.fixture
def gate(tmp_path: Path, holdout: ReadHoldout) -> Gate:
    """Has a version judged in a new run of its month, as if nothing had been published, and publishes the run."""

    def judged(registry: Registry, number: int, *, as_of: date, newest_published: date | None = None) -> Verdict:
        run_id = plan(registry.database, as_of)
        verdict = promote(
            registry, number, run_id=run_id, as_of=as_of, newest_published=newest_published, read_holdout=holdout
        )
        publish_run(registry, Lake(tmp_path / "published"), run_id, as_of, verdict)
        set_champion(registry, run_id)
        return verdict

    return judged


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
