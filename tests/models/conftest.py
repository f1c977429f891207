from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from jobs.core.postgres import execute
from jobs.forecasting.fit import fit
from jobs.forecasting.forecaster import Forecaster
from jobs.forecasting.gate import RULES
from jobs.lake.lake import Lake
from jobs.models.champion import set_champion
from jobs.models.model_version import Training, TrainingInputs
from jobs.models.opponent import ReadHoldout, Trial, compare_snapshots
from jobs.models.promotion import promote
from jobs.models.registry import Registry
from jobs.models.training_data import read_holdout
from jobs.models.verdict import Verdict
from tests.forecasts import CUSTOMERS, plan, publish, row, write
from tests.models.versions import (
    FRAMES,
    HOLDOUT_OF,
    SNAPSHOTS,
    Gate,
    Judge,
    Published,
    Train,
    registered,
    wrong,
)
from tests.snapshots import QUICK, TABLE, write_snapshots


@pytest.fixture(scope="session")
def fitted() -> Mapping[date, Forecaster]:
    return {day: fit(FRAMES, as_of=day, params=QUICK) for day in {*HOLDOUT_OF, *HOLDOUT_OF.values()}}


@pytest.fixture(scope="session")
def holdout(tmp_path_factory: pytest.TempPathFactory) -> ReadHoldout:
    """Reads the snapshots of the shop."""
    lake = Lake(str(tmp_path_factory.mktemp("shop")))
    write_snapshots(lake, SNAPSHOTS)
    return partial(read_holdout, lake, TABLE, 1000)


@pytest.fixture
def judge(holdout: ReadHoldout) -> Judge:
    """Has a version judged in a new run of its month; the run, and the verdict. Absent versions stay absent."""

    def judged(
        registry: Registry,
        number: int,
        *,
        as_of: date,
        newest_published: date | None = None,
        read_holdout: ReadHoldout = holdout,
    ) -> tuple[int, Verdict]:
        run_id = plan(registry.database, as_of)
        verdict = promote(
            registry,
            number,
            run_id=run_id,
            as_of=as_of,
            newest_published=newest_published,
            trial=Trial(partial(compare_snapshots, read_holdout), partial(registered, registry), lambda _: False),
        )
        version = {"model_name": registry.model, "model_version": verdict.model_version}
        execute(registry.database, "set_run_model", run_id=run_id, **version)
        return run_id, verdict

    return judged


@pytest.fixture
def published(tmp_path: Path) -> Published:
    """Publishes a run with the version that forecasts it, and sets the champion; what the task says."""

    def publish_and_set(registry: Registry, run_id: int, as_of: date, verdict: Verdict) -> str:
        lake = Lake(str(tmp_path / "published"))
        write(lake, as_of, [row(customer, model_version=verdict.model_version) for customer in CUSTOMERS])
        publish(registry.database, lake, as_of=as_of, run_id=run_id)
        return set_champion(registry, run_id)

    return publish_and_set


@pytest.fixture
def gate(judge: Judge, published: Published) -> Gate:
    """Has a version judged in a new run of its month, as if nothing had been published, and publishes the run."""

    def judged(registry: Registry, number: int, *, as_of: date, newest_published: date | None = None) -> Verdict:
        run_id, verdict = judge(registry, number, as_of=as_of, newest_published=newest_published)
        published(registry, run_id, as_of, verdict)
        return verdict

    return judged


@pytest.fixture
def trained(registry: Registry, fitted: Mapping[date, Forecaster]) -> Train:
    """Registers a version, with a good holdout model or a bad one, or without one; its number."""
    made_by = {"input_fingerprint": "a", "params_fingerprint": "b", "libraries": "d"}

    def register(
        as_of: date,
        *,
        bad: bool = False,
        holdout: bool = True,
        holdout_model: Forecaster | None = None,
        code: str = "c",
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
        return registry.register(training, TrainingInputs(as_of=str(as_of), code_fingerprint=code, **made_by))

    return register


@pytest.fixture
def lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules that a forecaster of ten months passes; test_gate.py tests the real ones."""
    monkeypatch.setattr("jobs.forecasting.gate.RULES", tuple(replace(rule, tolerance=9.0) for rule in RULES))
