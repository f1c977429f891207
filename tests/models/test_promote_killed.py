"""A gate and a change of the champion that are killed between any two of their steps come to the same in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

import mlflow
import pytest

from jobs import promote, set_champion
from jobs.core import postgres
from jobs.forecasting.bootstrap import MEASURES
from jobs.lake.lake import Lake
from jobs.models.champion import is_chosen
from jobs.models.registry import Registry
from tests.conftest import Database
from tests.forecasts import CUSTOMERS, plan, publish, row, seen, write
from tests.models.versions import AS_OF, EARLIER, SNAPSHOTS, Gate, Judge, Train
from tests.snapshots import write_snapshots

pytestmark = pytest.mark.usefixtures("lenient", "environment")

Point = tuple[str, str, int]
"""What is called, where it ends the process, and at which call."""

ALIAS, TAG = "set_registered_model_alias", "set_model_version_tag"
PROMOTE = (
    *[("statement", name, 1) for name in ("hold_champion", "last_decision", "verdict_of")],
    *[("alias", "before", 1), ("alias", "after", 1)],
    *[("statement", "hold_champion", 2), ("statement", "verdict_of", 2), ("statement", "chosen_since", 1)],
    ("statement", "record_decision", 1),
    *[("tag", "before", 1), ("tag", "before", 2), ("tag", "before", 3), ("tag", "after", 3)],
    *[("statement", "set_run_model", 1), ("statement", "record_task", 1)],
)
SET_CHAMPION = (
    *[("statement", name, 1) for name in ("hold_champion", "decision_to_apply", "chosen_since")],
    *[("alias", "before", 1), ("alias", "after", 1), ("statement", "record_effect", 1)],
    ("statement", "record_task", 1),
)


class KilledError(BaseException):
    """The process is gone: nothing may catch this."""


def kill(patch: pytest.MonkeyPatch, what: str, where: str, call: int) -> None:
    """Have the process end at a call of a statement by its name, or before or after one of MLflow's."""
    owner: Any = postgres if what == "statement" else mlflow.MlflowClient
    name = {"statement": "statement", "alias": ALIAS, "tag": TAG}[what]
    real: Callable[..., Any] = getattr(owner, name)
    calls = count(1)

    def struck(*arguments: Any) -> Any:
        is_here = (what != "statement" or arguments == (where,)) and next(calls) == call
        if is_here and where != "after":
            raise KilledError
        answer = real(*arguments)
        if is_here:
            raise KilledError
        return answer

    patch.setattr(owner, name, struck)
    if what == "statement":
        patch.setattr("jobs.models.champion.statement", struck)


def test_a_run_that_is_killed_at_every_step_has_one_verdict_and_its_champion(
    registry: Registry, trained: Train, gate: Gate, lake: Lake, database: Database
) -> None:
    write_snapshots(lake, SNAPSHOTS)
    before, number = trained(EARLIER, code="other"), trained(AS_OF)
    gate(registry, before, as_of=EARLIER)
    run_id = plan(database.writer, AS_OF)
    run = ["--as-of", str(AS_OF), "--run-id", str(run_id)]

    def killed(points: Iterable[Point], main: Callable[[list[str]], None], *arguments: str) -> None:
        for point in points:
            with pytest.MonkeyPatch.context() as patch:
                kill(patch, *point)
                with pytest.raises(KilledError):
                    main([*run, *arguments])
        main([*run, *arguments])

    killed(PROMOTE, promote.main, "--model-version", str(number))
    assert registry.aliased("champion") == before
    write(lake, AS_OF, [row(customer, model_version=number) for customer in CUSTOMERS])
    publish(database.writer, lake, as_of=AS_OF, run_id=run_id)
    killed(SET_CHAMPION, set_champion.main)

    assert (registry.aliased("champion"), registry.aliased("challenger")) == (number, None)
    [decision] = [one for one in seen(database, "model_decisions") if one["run_id"] == run_id]
    assert (decision["decision"], decision["forecast_by"]) == ("promoted", number)
    assert (decision["champion_before"], decision["champion_after"]) == (before, number)
    assert decision["took_effect_at"] is not None
    assert "against opponent" in decision["reasons"]
    tags = registry.version(number).tags
    shown = {"decision": "promoted", "forecast_by": str(number), "clv_run_id": str(run_id)}
    assert shown.items() <= tags.items()
    assert tags["airflow_run_id"]
    client = mlflow.MlflowClient(registry.tracking_uri)
    version = client.get_model_version(registry.model, str(number))
    assert all(reason in version.description for reason in decision["reasons"].splitlines())
    metrics = client.get_run(version.run_id).data.metrics
    assert {f"gate/{candidate}/{name}" for candidate in ("challenger", "opponent") for name in MEASURES} <= {*metrics}


def test_a_champion_whose_record_was_interrupted_is_recorded_by_the_next_run_of_its_month(
    registry: Registry, trained: Train, judge: Judge, gate: Gate, database: Database
) -> None:
    number = trained(AS_OF)
    judge(registry, number, as_of=AS_OF)
    registry.alias("champion", number)

    gate(registry, number, as_of=AS_OF)

    interrupted, recorded = seen(database, "model_decisions")
    assert (interrupted["champion_after"], interrupted["took_effect_at"]) == (number, None)
    assert recorded["champion_after"] == number
    assert recorded["took_effect_at"] is not None
    assert not is_chosen(registry, number)
