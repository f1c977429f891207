"""Versions that nothing needs any more are deleted, and training runs without a version."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from jobs.models.artifacts import GoneError
from jobs.models.model_version import TrainingInputs
from jobs.models.registry import Registry
from tests.models.versions import AS_OF, EARLIER, Train

LONG_AGO, MUCH_LATER = date(2000, 1, 1), date(2200, 1, 1)


def test_old_versions_go_but_the_champion_and_those_that_are_kept(registry: Registry, trained: Train) -> None:
    unused, champion, kept = trained(EARLIER), trained(AS_OF), trained(AS_OF)
    registry.alias("champion", champion)
    assert registry.remove_before(LONG_AGO, keep={kept, None}) == []
    assert unused in registry.remove_before(MUCH_LATER, keep={kept, None})
    assert [registry.version(number).number for number in (champion, kept)] == [champion, kept]
    with pytest.raises(GoneError):
        registry.version(unused)


def state(registry: Registry, run_id: str) -> str:
    return str(registry._client.get_run(run_id).info.lifecycle_stage)


def test_old_runs_of_which_there_is_no_version_go(registry: Registry, trained: Train) -> None:
    removed, kept = trained(EARLIER), trained(AS_OF)
    trained_by = {
        number: registry._client.get_model_version(registry.model, str(number)).run_id for number in (removed, kept)
    }
    registry._mlflow.set_experiment(registry.model)
    killed = registry._client.create_run(registry._client.get_experiment_by_name(registry.model).experiment_id)
    inputs = dict.fromkeys(("input_fingerprint", "params_fingerprint", "code_fingerprint", "libraries"), "none")
    tuning = registry.keep_tuning({"settings": {}}, TrainingInputs(as_of=str(AS_OF), **inputs))
    registry.remove_before(MUCH_LATER, keep={kept})
    assert registry.remove_runs_before(LONG_AGO) == []
    assert {trained_by[removed], killed.info.run_id} <= set(registry.remove_runs_before(MUCH_LATER))
    assert registry.remove_runs_before(MUCH_LATER) == []
    assert [state(registry, run_id) for run_id in (trained_by[kept], tuning)] == ["active", "active"]
    assert [state(registry, run_id) for run_id in (trained_by[removed], killed.info.run_id)] == ["deleted", "deleted"]


def test_a_model_that_was_never_trained_has_no_runs(registry: Registry) -> None:
    assert replace(registry, model="never_trained").remove_runs_before(MUCH_LATER) == []
