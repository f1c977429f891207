from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text

from jobs.choose_champion import ChoiceError, choose_champion, main
from jobs.forecasting.calibrated import Calibration
from jobs.forecasting.fit import fit
from jobs.models.model_version import Training
from jobs.models.registry import Registry, UncheckedError
from tests.conftest import Database
from tests.models.test_registry import ORIGIN
from tests.models.versions import decisions
from tests.snapshots import QUICK, model_frames, simulated_snapshots

Register = Callable[[date], int]


@pytest.fixture(scope="module")
def training() -> Training:
    snapshots = model_frames(simulated_snapshots(months=6))
    forecaster = fit(snapshots, as_of=max(snapshots), params=QUICK, calibration=Calibration.none(QUICK.coverage))
    example = snapshots[max(snapshots)].head(2)
    return Training(forecaster=forecaster, backtest=None, params={}, metrics={}, figures={}, example=example)


@pytest.fixture
def register(registry: Registry, training: Training) -> Register:
    """Registers a version that was trained as of a day; its number."""
    return lambda as_of: registry.register(training, replace(ORIGIN, as_of=str(as_of)))


@pytest.mark.usefixtures("environment")
def test_a_chosen_champion_is_one_and_the_choice_is_kept(
    registry: Registry, register: Register, database: Database
) -> None:
    first, second = register(date(2011, 11, 1)), register(date(2011, 12, 1))
    registry.alias("champion", second)

    main(["--model-version", str(first), "--by", "Ada", "--because", "the newer one overrates new customers"])

    assert registry.aliased("champion") == first
    assert registry.version(first).tags["chosen_by"] == "Ada"
    assert decisions(database) == [
        {
            "run_id": None,
            "as_of": date(2011, 11, 1),
            "model_version": first,
            "decision": "chosen",
            "forecast_by": None,
            "champion_before": second,
            "champion_after": first,
            "reasons": "the newer one overrates new customers",
            "decided_by": "Ada",
            "model_name": "clv",
        }
    ]


@pytest.mark.parametrize(("by", "because"), [("", "why not"), ("Ada", " ")])
def test_a_choice_without_a_name_or_a_reason_changes_nothing(
    registry: Registry, register: Register, database: Database, by: str, because: str
) -> None:
    number = register(date(2011, 12, 1))
    with pytest.raises(ChoiceError, match="--by"):
        choose_champion(registry, number, by=by, because=because)
    assert (registry.aliased("champion"), decisions(database)) == (None, [])


def test_a_version_that_cannot_be_checked_cannot_be_chosen(
    registry: Registry, register: Register, database: Database
) -> None:
    number = register(date(2011, 12, 1))
    with database.owner.begin() as connection:
        connection.execute(text("DELETE FROM clv.model_hash"))
    with pytest.raises(UncheckedError, match=f"version {number}: clv.model_hash holds no hash"):
        choose_champion(registry, number, by="Ada", because="the files look fine")
    assert (registry.aliased("champion"), decisions(database)) == (None, [])


def test_a_version_that_is_not_there_cannot_be_chosen(
    registry: Registry, register: Register, database: Database
) -> None:
    register(date(2011, 12, 1))
    with pytest.raises(UncheckedError, match=r"version 99: .* There is no such version"):
        choose_champion(registry, 99, by="Ada", because="a slip of the finger")
    assert decisions(database) == []
