"""Versions that nothing needs any more are deleted, and training runs without a version."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from jobs.models.artifacts import GoneError
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


def test_old_runs_of_which_there_is_no_version_go(registry: Registry, trained: Train) -> None:
    kept = trained(AS_OF)
    client, mlflow = registry._client, registry._mlflow
    mlflow.set_experiment(registry.model)
    with mlflow.start_run() as killed:
        pass
    assert registry.remove_runs_before(LONG_AGO) == []
    assert killed.info.run_id in registry.remove_runs_before(MUCH_LATER)
    assert registry.remove_runs_before(MUCH_LATER) == []
    run_id = client.get_model_version(registry.model, str(kept)).run_id
    assert client.get_run(run_id).info.lifecycle_stage == "active"
    assert client.get_run(killed.info.run_id).info.lifecycle_stage == "deleted"


def test_a_model_that_was_never_trained_has_no_runs(registry: Registry) -> None:
    assert replace(registry, model="never_trained").remove_runs_before(MUCH_LATER) == []
